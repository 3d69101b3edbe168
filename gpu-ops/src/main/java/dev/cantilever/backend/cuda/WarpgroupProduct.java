package dev.cantilever.backend.cuda;

import dev.cantilever.backend.LinearTerm;
import dev.cantilever.backend.cuda.WarpgroupKernel.Storage;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Products of rows rounded to bf16 with int8 and 16-bit weights by the warpgroup instructions of
 * Hopper, in both directions; see {@code product_wgmma.cu}. Other cards, and 16-bit weights whose
 * rows are no multiples of 16 bytes, have {@link TensorCoreProduct}.
 */
final class WarpgroupProduct {

  /** Tiles of the largest product. */
  static final int MOST_TILES = 8192;

  /**
   * Share of the multiprocessors' time that whole tiles may leave unused before runs are cheaper.
   */
  private static final double IDLE = 0.2;

  private final Execution execution;
  private final RoundedOperands operands;

  WarpgroupProduct(Execution execution) {
    this.execution = execution;
    this.operands = new RoundedOperands(execution);
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

  /** Whether the sum of two products with these weights is made here at once. */
  static boolean takesSum(Execution execution, Weight first, Weight second) {
    return Stream.of(first, second).allMatch(w -> w instanceof Int8Weight && takes(execution, w));
  }

  /** y = x·Wᵀ + b. */
  void forward(ProductRows rows, Weight w) {
    run(product(FrozenProduct.forward(w)), rows);
  }

  /** y = r + the sum of two products forward. */
  void forwardSum(Tensor y, LinearTerm first, LinearTerm second, Tensor residual) {
    run(
        product(FrozenProduct.forward(first.w()), FrozenProduct.forward(second.w())),
        new ProductRows(y, List.of(first.x(), second.x()), Optional.of(residual)));
  }

  /** dx = dy·W. */
  void inputGradient(ProductRows rows, Weight w) {
    run(product(FrozenProduct.inputGradient(w)), rows);
  }

  private Product product(FrozenProduct... parts) {
    int stages = Stream.of(parts).mapToInt(part -> Runs.stages(part.k())).sum();
    return new Product(
        List.of(parts), Runs.of(parts[0].m(), stages, execution.device().multiprocessors()));
  }

  /**
   * A product, and how it is cut among blocks.
   *
   * @param parts the product, or those that are added, whose inner dimensions follow each other
   */
  private record Product(List<FrozenProduct> parts, Runs runs) {

    FrozenProduct first() {
      return parts.get(0);
    }

    Storage storage() {
      return Storage.valueOf(first().kind());
    }

    /** Bytes of a rounded row. */
    long rowBytes() {
      return 2L * runs.stages() * Runs.STAGE_K;
    }

    WarpgroupKernel kernel(int tileRows) {
      return new WarpgroupKernel(storage(), first().direction(), parts.size(), tileRows);
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
        (int)
            Math.min(
                Grids.blocks(n, tileRows), room(product, tileRows) / product.rowBytes() / tileRows);
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
        product.storage().tileRows().stream()
            .filter(rows -> rows * product.rowBytes() <= room(product, rows))
            .reduce(product.storage().tileRows().get(0), Math::max);
    int each = Grids.blocks(n, Grids.blocks(n, most));
    return product.storage().leastTileRows(each);
  }

  /** Groups of the few rows of a product with an int8 weight, unless the workspace is small. */
  static int leastGroups(int n) {
    return Storage.INT8.leastTileRows(n) / RoundedOperands.GROUP_ROWS;
  }

  /** Bytes for rounded rows. */
  private long room(Product product, int tileRows) {
    return execution.workspaceBytes() / 2
        - asideBytes(product.runs(), tileRows)
        - 3L * Reservation.ALIGNMENT;
  }

  /** Bytes of the sums that blocks have aside. */
  private long asideBytes(Runs runs, int tileRows) {
    return runs.asideBytes(tileRows, execution.device().multiprocessors());
  }

  private void piece(Product product, ProductRows rows) {
    Arena workspace = execution.workspace();
    Arena.Mark mark = workspace.mark();
    try {
      int n = rows.count();
      int tileRows = tileRows(product, n);
      int rowTiles = Grids.blocks(n, tileRows);
      int groups = rowTiles * tileRows / RoundedOperands.GROUP_ROWS;
      long aside = workspace.allocate(asideBytes(product.runs(), tileRows));
      WarpgroupKernel kernel = product.kernel(tileRows);
      List<Long> rounded = operands.rounded(product.parts(), kernel, groups, rows.sources());
      launch(product, kernel, rows, rounded, groups, aside)
          .early()
          .run(
              blocks(product.runs(), rowTiles),
              1,
              1,
              WarpgroupKernel.THREADS,
              kernel.sharedBytes());
    } finally {
      workspace.reset(mark);
    }
  }

  private int blocks(Runs runs, int rowTiles) {
    return rowTiles > 1
        ? Math.min(execution.device().multiprocessors(), runs.tiles() * rowTiles)
        : runs.count();
  }

  /** A launch with what all kernels take, and the second part's if there are two. */
  private LaunchBuffer launch(
      Product product,
      WarpgroupKernel kernel,
      ProductRows rows,
      List<Long> rounded,
      int groups,
      long aside) {
    Runs runs = product.runs();
    boolean inTurn = rows.count() > kernel.tileRows();
    String way = inTurn ? "in_turn" : runs.shared() ? "shared" : "chained";
    FrozenProduct first = product.first();
    LaunchBuffer launch =
        execution
            .kernels()
            .kernel(kernel.source(), way)
            .with()
            .pointer(rows.target())
            .pointer(FrozenProduct.data(first.w()))
            .pointer(rounded.get(0))
            .integer(first.m())
            .integer(first.k())
            .integer(rows.count())
            .integer(groups)
            .integer(runs.stages())
            .integer(runs.tiles())
            .integer(runs.count())
            .integer(kernel.flight(runs))
            .integer(runs.stages() + runs.finish())
            .pointer(first.outputScale())
            .pointer(first.bias())
            .integer(StorageCode.of(first.bias()))
            .pointer(rows.addend())
            .pointer(aside)
            .pointer(execution.tileCounters());
    if (product.parts().size() > 1) {
      FrozenProduct second = product.parts().get(1);
      launch
          .integer(Runs.stages(first.k()))
          .pointer(FrozenProduct.data(second.w()))
          .pointer(rounded.get(1))
          .integer(second.k())
          .pointer(second.outputScale())
          .pointer(second.bias())
          .integer(StorageCode.of(second.bias()));
    }
    return launch;
  }
}
