package dev.cantilever.backend.cuda;

import dev.cantilever.backend.cuda.driver.Kernel;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.List;
import java.util.stream.Stream;

/**
 * Products of rows rounded to bf16 with int8 and 16-bit weights, on the tensor cores, in both
 * directions; see {@code product_bf16.cu}.
 *
 * <p>The inner dimension is cut into {@link Slices}, whose sums are blocks of their own or made in
 * turn by one block, with the same bits.
 */
final class TensorCoreProduct {

  private static final List<String> WEIGHTS = List.of("INT8", "BF16", "F16");

  /** As in the kernels. */
  private static final int WARP_M = 32;

  private static final int STAGES = 4;
  private static final int THREADS = 128;

  /** Rows of a block at most; so few have their slices in blocks of their own. */
  private static final int FEW_ROWS = 64;

  /** Rows of one launch at most: a grid's second dimension. */
  private static final int MOST_ROWS = 65_535;

  /** Blocks of many rows that a multiprocessor holds at once. */
  private static final int FULL_BLOCKS_PER_MULTIPROCESSOR = 3;

  private static final int PACK_THREADS = 256;
  private static final int REDUCE_THREADS = 128;

  private final Execution execution;

  TensorCoreProduct(Execution execution) {
    this.execution = execution;
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
        source(frozen.kind(), frozen.direction()),
        frozen,
        Slices.of(frozen.m(), frozen.k(), execution.device().multiprocessors()));
  }

  private void run(Product product, ProductRows rows) {
    int pitch = product.slices().pitch();
    int n = rows.count();
    Arena workspace = execution.workspace();
    Arena.Mark mark = workspace.mark();
    try {
      int most = rowsAtOnce(pitch, n);
      Tensor packed = Tensor.in(workspace, DType.BF16, most, pitch);
      for (int from = 0; from < n; from += most) {
        int to = Math.min(n, from + most);
        ProductRows piece = rows.slice(from, to);
        pack(product, packed, piece.source());
        if (slicesGoApart(product, packed, to - from, n)) {
          slicesApart(product, piece, packed);
        } else {
          slicesInTurn(product, piece, packed);
        }
      }
    } finally {
      workspace.reset(mark);
    }
  }

  /** Rows whose rounded copies fit half of the workspace; the other half is the caller's. */
  private int rowsAtOnce(int pitch, int n) {
    long fit = Math.min(execution.workspaceBytes() / 2 / (2L * pitch), MOST_ROWS);
    return (int) Math.max(1, Math.min(fit, n));
  }

  /**
   * Whether slices are blocks of their own, whose sums another kernel adds: where these sums fit
   * half of the workspace beside the rounded rows, for few rows, and for more where there would be
   * too few blocks else. The bits are the same.
   */
  private boolean slicesGoApart(Product product, Tensor packed, int rows, int n) {
    long sums = (long) Float.BYTES * product.slices().count() * rows * product.paddedM();
    if (packed.bytes() + sums + 2 * Reservation.ALIGNMENT > execution.workspaceBytes() / 2) {
      return false;
    }
    if (n <= FEW_ROWS) {
      return true;
    }
    long blocks =
        (long) Grids.blocks(product.frozen().m(), Slices.TILE_M) * Grids.blocks(rows, FEW_ROWS);
    return product.slices().count() > 1
        && blocks < (long) FULL_BLOCKS_PER_MULTIPROCESSOR * execution.device().multiprocessors();
  }

  private static KernelSource source(String weight, ProductDirection direction) {
    return KernelSource.of(
        TensorCoreProduct.class,
        "product_bf16.cu",
        List.of("WEIGHT=" + weight, "DIRECTION=" + direction));
  }

  static List<KernelSource> sources() {
    return WEIGHTS.stream()
        .flatMap(weight -> Stream.of(ProductDirection.values()).map(d -> source(weight, d)))
        .toList();
  }

  /** A product, and how its inner dimension is cut. */
  private record Product(KernelSource source, FrozenProduct frozen, Slices slices) {

    /** M as the sums of slices have it: whole tiles of a warp. */
    int paddedM() {
      return Grids.blocks(frozen.m(), WARP_M) * WARP_M;
    }
  }

  private Kernel kernel(Product product, String name) {
    return execution.kernels().kernel(product.source(), name);
  }

  private void pack(Product product, Tensor packed, Tensor x) {
    int pitch = product.slices().pitch();
    kernel(product, "pack_rows")
        .with()
        .pointer(packed)
        .pointer(x)
        .integer(product.frozen().k())
        .integer(pitch)
        .pointer(product.frozen().inputScale())
        .run(Grids.blocks(pitch / 2, PACK_THREADS), x.size(0), 1, PACK_THREADS, 0);
  }

  /** A block for each slice, then the sum of slices. */
  private void slicesApart(Product product, ProductRows rows, Tensor packed) {
    int n = rows.count();
    int tiles = n <= 8 ? 1 : n <= 32 ? 4 : 8;
    int slices = product.slices().count();
    Tensor partial = Tensor.in(execution.workspace(), DType.F32, slices, n, product.paddedM());
    LaunchBuffer launch = kernel(product, "partial_" + tiles).with().pointer(partial);
    operands(launch, product, packed, n)
        .run(
            Grids.blocks(product.frozen().m(), Slices.TILE_M),
            slices,
            Grids.blocks(n, 8 * tiles),
            THREADS,
            sharedBytes(tiles));
    launch =
        kernel(product, "reduce_slices")
            .with()
            .pointer(rows.target())
            .pointer(partial)
            .integer(product.frozen().m())
            .integer(n)
            .integer(slices);
    epilogue(launch, product, rows)
        .run(Grids.blocks(product.frozen().m(), REDUCE_THREADS), n, 1, REDUCE_THREADS, 0);
  }

  /** A block goes through all slices. */
  private void slicesInTurn(Product product, ProductRows rows, Tensor packed) {
    int n = rows.count();
    LaunchBuffer launch = kernel(product, "full_8").with().pointer(rows.target());
    epilogue(operands(launch, product, packed, n), product, rows)
        .run(
            Grids.blocks(product.frozen().m(), Slices.TILE_M),
            Grids.blocks(n, FEW_ROWS),
            1,
            THREADS,
            sharedBytes(FEW_ROWS / 8) + Slices.TILE_M * FEW_ROWS * Float.BYTES);
  }

  private static LaunchBuffer operands(LaunchBuffer launch, Product product, Tensor packed, int n) {
    return launch
        .pointer(FrozenProduct.data(product.frozen().w()))
        .integer(product.frozen().m())
        .integer(product.frozen().k())
        .integer(product.frozen().w().inFeatures())
        .integer(FrozenProduct.aligned(product.frozen().w()) ? 1 : 0)
        .pointer(packed)
        .integer(product.slices().pitch())
        .integer(n)
        .integer(product.slices().stages())
        .integer(product.slices().stagesEach());
  }

  private static LaunchBuffer epilogue(LaunchBuffer launch, Product product, ProductRows rows) {
    return launch
        .pointer(product.frozen().outputScale())
        .pointer(product.frozen().bias())
        .integer(StorageCode.of(product.frozen().bias()))
        .pointer(rows.addend());
  }

  private static int sharedBytes(int tiles) {
    return STAGES * 8 * tiles * Slices.STAGE_K * 2;
  }
}
