package dev.cantilever.backend.cuda;

import dev.cantilever.backend.cuda.driver.KernelSource;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What {@code product_wgmma.cu} is compiled for, and {@code product_pair.cu}.
 *
 * @param parts one product, or two that are added: forward, with int8 weights
 * @param tileRows rows of a block
 */
record WarpgroupKernel(Storage storage, ProductDirection direction, int parts, int tileRows) {

  /** How a weight is stored. */
  enum Storage {
    INT8(1, 8, 16, 32, 64, 96, 128, 160),
    // 160 rows would take more registers than a thread has.
    BF16(2, 16, 32, 64, 96, 128),
    F16(2, 16, 32, 64, 96, 128);

    private final int bytes;
    private final List<Integer> tileRows;

    Storage(int bytes, Integer... tileRows) {
      this.bytes = bytes;
      this.tileRows = List.of(tileRows);
    }

    /** Rows that a block can have, from the least. */
    List<Integer> tileRows() {
      return tileRows;
    }

    /** The least of them that holds n rows. */
    int leastTileRows(int n) {
      return tileRows.stream().filter(rows -> rows >= n).findFirst().orElseThrow();
    }
  }

  static final int THREADS = 384;

  /** Shared memory of a block on Hopper, less what the kernels have for barriers. */
  private static final int SHARED_BYTES = (227 << 10) - 1024;

  /** Rows of int8 products, which decoding has, that leave room for kernels of another branch. */
  static final int FEW_ROWS = 32;

  /** Shared memory of a block of few rows: twice what memory's rate and latency need. */
  private static final int FEW_SHARED_BYTES = 148 << 10;

  /**
   * Stages of a run from which on memory's rate counts more than how long what is asked for takes
   * to come, which the stages asked for before make longer, for the kernels of another branch too.
   */
  private static final int LONG_RUN = 48;

  /** Stages in flight that keep memory busy, with hardly anything waiting behind them. */
  private static final int SHORT_FLIGHT = 3;

  /** Shared memory of a block. */
  int sharedBytes() {
    return stages() * stageBytes();
  }

  private int stageBytes() {
    return (storage.bytes * Runs.TILE_M + 2 * tileRows) * Runs.STAGE_K;
  }

  /** Stages of the ring in shared memory. */
  private int stages() {
    boolean few = storage == Storage.INT8 && tileRows <= FEW_ROWS;
    return (few ? FEW_SHARED_BYTES : SHARED_BYTES) / stageBytes();
  }

  /** Stages that a block of few rows has asked for and not got, once its ring has been full. */
  int flight(Runs runs) {
    return runs.longest() < LONG_RUN ? SHORT_FLIGHT : stages();
  }

  /** One product, or the sum of two. */
  KernelSource source() {
    return source("product_wgmma.cu");
  }

  /** Two such products one behind the other, of few rows. */
  KernelSource pairSource() {
    return source("product_pair.cu");
  }

  private KernelSource source(String file) {
    List<String> definitions =
        new ArrayList<>(
            List.of(
                "WEIGHT=" + storage,
                "DIRECTION=" + direction,
                "ROWS=" + tileRows,
                "STAGES=" + stages()));
    if (parts > 1) {
      definitions.add("PARTS=" + parts);
    }
    return KernelSource.hopper(WarpgroupKernel.class, file, definitions);
  }

  /** All that there are. */
  static List<KernelSource> sources() {
    Stream<KernelSource> products =
        Stream.of(Storage.values())
            .flatMap(storage -> storage.tileRows.stream().flatMap(rows -> of(storage, rows)))
            .map(WarpgroupKernel::source);
    Stream<KernelSource> pairs =
        Storage.INT8.tileRows.stream()
            .filter(rows -> rows <= FEW_ROWS)
            .map(rows -> ofFewRows(rows).pairSource());
    return Stream.concat(products, pairs).toList();
  }

  /** What a pair of products of so many rows is made by, FEW_ROWS at most. */
  static WarpgroupKernel ofFewRows(int n) {
    return new WarpgroupKernel(
        Storage.INT8, ProductDirection.FORWARD, 1, Storage.INT8.leastTileRows(n));
  }

  private static Stream<WarpgroupKernel> of(Storage storage, int rows) {
    Stream.Builder<WarpgroupKernel> kernels = Stream.builder();
    for (ProductDirection direction : ProductDirection.values()) {
      kernels.add(new WarpgroupKernel(storage, direction, 1, rows));
    }
    if (storage == Storage.INT8) {
      kernels.add(new WarpgroupKernel(storage, ProductDirection.FORWARD, 2, rows));
    }
    return kernels.build();
  }
}
