package dev.cantilever.backend.cuda;

import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * Products of rows rounded to bf16 with int8 and 16-bit weights by the warpgroup instructions of
 * Hopper, in both directions; see {@code product_wgmma.cu}. Other cards, and 16-bit weights whose
 * rows are no multiples of 16 bytes, have {@link TensorCoreProduct}.
 */
final class WarpgroupProduct {

  /** How a weight is stored: kinds of the kernels. */
  private enum Storage {
    INT8(1, 8, 16, 32, 64, 96, 128, 160),
    // 160 rows would take more registers than a thread has.
    BF16(2, 16, 32, 64, 96, 128),
    F16(2, 16, 32, 64, 96, 128);

    private final int bytes;

    /** Rows of a block: the least that holds them is taken. */
    private final List<Integer> tileRows;

    Storage(int bytes, Integer... tileRows) {
      this.bytes = bytes;
      this.tileRows = List.of(tileRows);
    }

    private int leastTileRows(int n) {
      return tileRows.stream().filter(rows -> rows >= n).findFirst().orElseThrow();
    }
  }

  /** Shared memory of a block on Hopper, less what the kernels have for barriers. */
  private static final int SHARED_BYTES = (227 << 10) - 1024;

  /** Rows of int8 products, which decoding has, that leave room for kernels of another branch. */
  private static final int FEW_ROWS = 32;

  /** Shared memory of a block of few rows: twice what memory's rate and latency need. */
  private static final int FEW_SHARED_BYTES = 148 << 10;

  private static final int THREADS = 384;

  private static final int PACK_WARPS = 8;

  /** Rows that lie together when they are rounded. */
  static final int GROUP_ROWS = 8;

  /** Tiles of the largest product. */
  static final int MOST_TILES = 8192;

  /**
   * Share of the multiprocessors' time that whole tiles may leave unused before runs are cheaper.
   */
  private static final double IDLE = 0.2;

  private final Execution execution;

  WarpgroupProduct(Execution execution) {
    this.execution = execution;
  }

  /**
   * Whether a weight is multiplied here: that follows from the card, and from the weight's type,
   * place and size.
   */
  static boolean takes(Execution execution, Weight w) {
    return execution.hopper()
        && execution.matrixInputs() == DType.BF16
        && (w instanceof Int8Weight
            || w instanceof DenseWeight dense
                && dense.values().dtype() != DType.F32
                && FrozenProduct.aligned(dense))
        && Math.max(w.outFeatures(), w.inFeatures()) <= MOST_TILES * Runs.TILE_M;
  }

  /** y = x·Wᵀ + b. */
  void forward(ProductRows rows, Weight w) {
    run(product(FrozenProduct.forward(w)), rows);
  }

  /** dx = dy·W. */
  void inputGradient(ProductRows rows, Weight w) {
    run(product(FrozenProduct.inputGradient(w)), rows);
  }

  private Product product(FrozenProduct frozen) {
    return new Product(
        frozen, Runs.of(frozen.m(), frozen.k(), execution.device().multiprocessors()));
  }

  /** A product, and how it is cut among blocks. */
  private record Product(FrozenProduct frozen, Runs runs) {

    Storage storage() {
      return Storage.valueOf(frozen.kind());
    }

    /** Bytes of a rounded row. */
    long rowBytes() {
      return 2L * runs.stages() * Runs.STAGE_K;
    }
  }

  private void run(Product product, ProductRows rows) {
    int n = rows.count();
    int most = rowsAtOnce(product, n);
    for (int from = 0; from < n; from += most) {
      int to = Math.min(n, from + most);
      piece(product, rows.slice(from, to));
    }
  }

  /**
   * Rows of a launch: one tile of rows, or as many as fill the multiprocessors with whole tiles,
   * where their rounded copies fit half of the workspace beside the sums that blocks have aside;
   * the other half is the caller's.
   */
  private int rowsAtOnce(Product product, int n) {
    int tileRows = tileRows(product, n);
    int fit =
        (int) Math.min(Grids.blocks(n, tileRows), room(tileRows) / product.rowBytes() / tileRows);
    int best = 1;
    double bestShare = 1 - IDLE;
    for (int tiles = 2; tiles <= fit; tiles++) {
      int blocks = tiles * product.runs().tiles();
      int turns = Grids.blocks(blocks, execution.device().multiprocessors());
      double share = (double) blocks / turns / execution.device().multiprocessors();
      if (share >= bestShare) {
        best = tiles;
        bestShare = share;
      }
    }
    return best * tileRows;
  }

  /** Rows of a block, where n are shared out evenly among as few blocks as their room allows. */
  private int tileRows(Product product, int n) {
    int most =
        product.storage().tileRows.stream()
            .filter(rows -> rows * product.rowBytes() <= room(rows))
            .reduce(product.storage().tileRows.get(0), Math::max);
    int each = Grids.blocks(n, Grids.blocks(n, most));
    return product.storage().leastTileRows(each);
  }

  /** Groups of the few rows of a product with an int8 weight, unless the workspace is small. */
  static int leastGroups(int n) {
    return Storage.INT8.leastTileRows(n) / GROUP_ROWS;
  }

  /** Bytes for rounded rows. */
  private long room(int tileRows) {
    return execution.workspaceBytes() / 2 - asideBytes(tileRows) - 2L * Reservation.ALIGNMENT;
  }

  /** Sums of a block's whole tile for every block. */
  private long asideBytes(int tileRows) {
    return (long) Float.BYTES * Runs.TILE_M * tileRows * execution.device().multiprocessors();
  }

  private void piece(Product product, ProductRows rows) {
    Arena workspace = execution.workspace();
    Arena.Mark mark = workspace.mark();
    try {
      int n = rows.count();
      int tileRows = tileRows(product, n);
      int rowTiles = Grids.blocks(n, tileRows);
      int groups = rowTiles * tileRows / GROUP_ROWS;
      long aside = workspace.allocate(asideBytes(tileRows));
      KernelSource source = source(product.storage(), product.frozen().direction(), tileRows);
      long packed =
          roundedBefore(product, rows.source(), groups)
              .orElseGet(() -> pack(product, source, groups, rows.source()));
      multiply(product, source, rows, packed, groups, aside, tileRows, rowTiles);
    } finally {
      workspace.reset(mark);
    }
  }

  /**
   * The rows as the kernel before has left them rounded, which it does in the order that an int8
   * weight needs going forward; how they lie follows from the number of groups alone.
   */
  private OptionalLong roundedBefore(Product product, Tensor rows, int groups) {
    return product.storage() == Storage.INT8
            && product.frozen().direction() == ProductDirection.FORWARD
        ? execution.roundedRows().find(rows, groups)
        : OptionalLong.empty();
  }

  private long pack(Product product, KernelSource source, int groups, Tensor rows) {
    int stages = product.runs().stages();
    long packed = execution.workspace().allocate(product.rowBytes() * GROUP_ROWS * groups);
    execution
        .kernels()
        .kernel(source, "pack_operand")
        .with()
        .pointer(packed)
        .pointer(rows)
        .integer(rows.size(0))
        .integer(product.frozen().k())
        .integer(groups)
        .integer(stages)
        .pointer(product.frozen().inputScale())
        .run(Grids.blocks(stages, PACK_WARPS), groups, 1, PACK_WARPS * 32, 0);
    return packed;
  }

  private void multiply(
      Product product,
      KernelSource source,
      ProductRows rows,
      long packed,
      int groups,
      long aside,
      int tileRows,
      int rowTiles) {
    Runs runs = product.runs();
    boolean inTurn = rowTiles > 1;
    String way = inTurn ? "in_turn" : runs.each() > 1 ? "shared" : "chained";
    int blocks =
        inTurn
            ? Math.min(execution.device().multiprocessors(), runs.tiles() * rowTiles)
            : runs.count();
    LaunchBuffer launch =
        execution
            .kernels()
            .kernel(source, way)
            .with()
            .pointer(rows.target())
            .pointer(FrozenProduct.data(product.frozen().w()))
            .pointer(packed)
            .integer(product.frozen().m())
            .integer(product.frozen().k())
            .integer(rows.count())
            .integer(groups)
            .integer(runs.stages())
            .integer(runs.tiles())
            .integer(runs.count())
            .integer(runs.each())
            .pointer(product.frozen().outputScale())
            .pointer(product.frozen().bias())
            .integer(StorageCode.of(product.frozen().bias()))
            .pointer(rows.addend())
            .pointer(aside)
            .pointer(execution.tileCounters());
    Storage storage = product.storage();
    launch
        .early()
        .run(blocks, 1, 1, THREADS, stages(storage, tileRows) * stageBytes(storage, tileRows));
  }

  private static int stageBytes(Storage storage, int tileRows) {
    return (storage.bytes * Runs.TILE_M + 2 * tileRows) * Runs.STAGE_K;
  }

  /** Stages of the ring in shared memory. */
  private static int stages(Storage storage, int tileRows) {
    boolean few = storage == Storage.INT8 && tileRows <= FEW_ROWS;
    return (few ? FEW_SHARED_BYTES : SHARED_BYTES) / stageBytes(storage, tileRows);
  }

  private static KernelSource source(Storage storage, ProductDirection direction, int tileRows) {
    return KernelSource.hopper(
        WarpgroupProduct.class,
        "product_wgmma.cu",
        List.of(
            "WEIGHT=" + storage,
            "DIRECTION=" + direction,
            "ROWS=" + tileRows,
            "STAGES=" + stages(storage, tileRows)));
  }

  static List<KernelSource> sources() {
    return Stream.of(Storage.values()).flatMap(WarpgroupProduct::sources).toList();
  }

  private static Stream<KernelSource> sources(Storage storage) {
    return storage.tileRows.stream()
        .flatMap(rows -> Stream.of(ProductDirection.values()).map(d -> source(storage, d, rows)));
  }
}
