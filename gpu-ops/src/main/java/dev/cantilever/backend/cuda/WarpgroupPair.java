package dev.cantilever.backend.cuda;

import dev.cantilever.backend.LinearTerm;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.List;
import java.util.stream.Stream;

/**
 * Two products of few rows with int8 weights in one launch, the second behind the first; see {@code
 * product_pair.cu}. Each is cut as {@link WarpgroupProduct} cuts it, so the bits are the same.
 *
 * <p>A kernel launched early behind it may begin when the first product is made, and runs beside
 * the second, so this has its scratch and counters where such kernels have none: see {@link
 * Branches#ahead}.
 */
final class WarpgroupPair {

  private final Execution execution;
  private final RoundedOperands operands;

  WarpgroupPair(Execution execution) {
    this.execution = execution;
    this.operands = new RoundedOperands(execution);
  }

  /**
   * Whether two products are made here: that follows from the card and the weights, from the number
   * of rows and from the workspace. It changes no bit.
   */
  boolean takes(LinearTerm first, LinearTerm second) {
    int n = first.x().size(0);
    if (n == 0 || n > WarpgroupKernel.FEW_ROWS) {
      return false;
    }
    List<LinearTerm> terms = List.of(first, second);
    int tiles = terms.stream().mapToInt(t -> Grids.blocks(t.w().outFeatures(), Runs.TILE_M)).sum();
    return terms.stream().allMatch(term -> takes(term.w()))
        && tiles <= WarpgroupProduct.MOST_TILES
        && bytes(terms, n) <= execution.branches().aheadBytes();
  }

  private boolean takes(Weight w) {
    return w instanceof Int8Weight int8
        && int8.mode() == Int8Mode.WEIGHT_ONLY
        && WarpgroupProduct.takes(execution, w);
  }

  /** Bytes of scratch, whatever has been rounded before. */
  private long bytes(List<LinearTerm> terms, int n) {
    WarpgroupKernel kernel = WarpgroupKernel.ofFewRows(n);
    return terms.stream()
        .mapToLong(
            t ->
                RoundedOperands.bytes(Runs.stages(t.w().inFeatures()), groups(kernel))
                    + asideBytes(runs(FrozenProduct.forward(t.w())), kernel)
                    + 2 * Reservation.ALIGNMENT)
        .sum();
  }

  private static int groups(WarpgroupKernel kernel) {
    return kernel.tileRows() / RoundedOperands.GROUP_ROWS;
  }

  private Runs runs(FrozenProduct product) {
    return Runs.of(product.m(), Runs.stages(product.k()), execution.device().multiprocessors());
  }

  private long asideBytes(Runs runs, WarpgroupKernel kernel) {
    return runs.asideBytes(kernel.tileRows(), execution.device().multiprocessors());
  }

  /** y₁ = x₁·W₁ᵀ + b₁, y₂ = x₂·W₂ᵀ + b₂. */
  void forward(Tensor y1, LinearTerm first, Tensor y2, LinearTerm second) {
    int n = first.x().size(0);
    WarpgroupKernel kernel = WarpgroupKernel.ofFewRows(n);
    List<FrozenProduct> products =
        Stream.of(first, second).map(term -> FrozenProduct.forward(term.w())).toList();
    List<Runs> runs = products.stream().map(this::runs).toList();
    Arena workspace = execution.workspace();
    Arena.Mark mark = workspace.mark();
    try {
      List<Long> asides =
          runs.stream().map(each -> workspace.allocate(asideBytes(each, kernel))).toList();
      List<Long> rounded =
          operands.rounded(products, kernel, groups(kernel), List.of(first.x(), second.x()));
      String ways = way(runs.get(0)) + "_" + way(runs.get(1));
      LaunchBuffer launch = execution.kernels().kernel(kernel.pairSource(), ways).with();
      int flight = Math.max(kernel.flight(runs.get(0)), kernel.flight(runs.get(1)));
      long counters = execution.tileCounters();
      for (int i = 0; i < 2; i++) {
        Tensor y = i == 0 ? y1 : y2;
        launch(launch, y, products.get(i), runs.get(i), rounded.get(i))
            .pointer(asides.get(i))
            .pointer(counters);
        counters += 2L * Integer.BYTES * runs.get(i).tiles();
      }
      launch
          .integer(n)
          .integer(groups(kernel))
          .integer(flight)
          .pointer(execution.relay().words())
          .early()
          .run(
              Math.max(runs.get(0).count(), runs.get(1).count()),
              1,
              1,
              WarpgroupKernel.THREADS,
              kernel.sharedBytes());
    } finally {
      workspace.reset(mark);
    }
  }

  private static String way(Runs runs) {
    return runs.shared() ? "shared" : "chained";
  }

  private static LaunchBuffer launch(
      LaunchBuffer launch, Tensor y, FrozenProduct product, Runs runs, long rounded) {
    return launch
        .pointer(y)
        .pointer(FrozenProduct.data(product.w()))
        .pointer(rounded)
        .pointer(product.outputScale())
        .pointer(product.bias())
        .integer(StorageCode.of(product.bias()))
        .integer(product.m())
        .integer(product.k())
        .integer(runs.stages())
        .integer(runs.tiles())
        .integer(runs.count())
        .integer(runs.stages() + runs.finish());
  }
}
