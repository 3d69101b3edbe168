package dev.cantilever.backend.cuda;

import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;

/**
 * Products with a small trainable fp32 matrix, and its gradient, all in fp32 on the CUDA cores. A
 * sum of up to {@link #LONGEST_CHAIN} products is one chain; a longer one is spread over the
 * threads of a block, always in the same way.
 */
final class Projections {

  static final KernelSource KERNELS = KernelSource.of(Projections.class, "project.cu");

  /** The largest rank of an adapter that a thread adds up alone. */
  private static final int LONGEST_CHAIN = 256;

  private static final int SHORT_THREADS = 128;
  private static final int SHORT_ROWS = 16;
  private static final int LONG_THREADS = 256;

  /** Rows and columns of a block of the kernels {@code long_*_many}, and of {@code *_few}. */
  private static final int MANY = 8;

  private static final int FEW = 2;

  /** Elements of a block of {@code weight_gradient} along the wider side of P, and the other. */
  private static final int WIDE = 32;

  private static final int NARROW = 16;
  private static final int WEIGHT_THREADS = 256;

  private final Execution execution;

  Projections(Execution execution) {
    this.execution = execution;
  }

  /** A matrix whose rows lie {@code pitch} floats apart, from the column at {@code address} on. */
  private record Window(long address, int pitch) {
    static Window of(Tensor matrix, int column) {
      return new Window(matrix.address() + 4L * column, matrix.size(1));
    }
  }

  /** See {@link dev.cantilever.backend.MatmulOps#project}. */
  void project(Tensor y, int column, Tensor x, Tensor p, float alpha, boolean accumulate) {
    int rows = x.size(0);
    Window target = Window.of(y, column);
    if (p.size(1) <= LONGEST_CHAIN) {
      run("short_forward", SHORT, target, Window.of(x, 0), p, alpha, accumulate, rows, p.size(0));
      return;
    }
    // Both tiles give the same bits; the large one reads less, the small one fills the card sooner.
    boolean many =
        (long) Grids.blocks(rows, MANY) * Grids.blocks(p.size(0), MANY)
            >= execution.device().multiprocessors();
    run(
        many ? "long_forward_many" : "long_forward_few",
        many ? LONG_MANY : LONG_FEW,
        target,
        Window.of(x, 0),
        p,
        alpha,
        accumulate,
        rows,
        p.size(0));
  }

  /** See {@link dev.cantilever.backend.MatmulOps#projectInputGradient}. */
  void inputGradient(Tensor dx, Tensor dy, int column, Tensor p, float alpha, boolean accumulate) {
    boolean chain = p.size(0) <= LONGEST_CHAIN;
    run(
        chain ? "short_gradient" : "long_gradient_many",
        chain ? SHORT : LONG_MANY,
        Window.of(dx, 0),
        Window.of(dy, column),
        p,
        alpha,
        accumulate,
        dx.size(0),
        p.size(1));
  }

  private record Tile(int rows, int columns, int threads) {}

  private static final Tile SHORT = new Tile(SHORT_ROWS, SHORT_THREADS, SHORT_THREADS);
  private static final Tile LONG_MANY = new Tile(MANY, MANY, LONG_THREADS);
  private static final Tile LONG_FEW = new Tile(FEW, FEW, LONG_THREADS);

  private void run(
      String kernel,
      Tile tile,
      Window y,
      Window x,
      Tensor p,
      float alpha,
      boolean accumulate,
      int rows,
      int columns) {
    execution
        .kernels()
        .kernel(KERNELS, kernel)
        .with()
        .pointer(y.address())
        .integer(y.pitch())
        .pointer(x.address())
        .integer(x.pitch())
        .pointer(p)
        .real(alpha)
        .integer(accumulate ? 1 : 0)
        .integer(rows)
        .integer(p.size(0))
        .integer(p.size(1))
        .run(
            Grids.blocks(rows, tile.rows()),
            Grids.blocks(columns, tile.columns()),
            1,
            tile.threads(),
            0);
  }

  /** See {@link dev.cantilever.backend.MatmulOps#projectWeightGradient}. */
  void weightGradient(Tensor dp, Tensor dy, int column, Tensor x, float alpha, PackedRows rows) {
    int out = dp.size(0);
    int in = dp.size(1);
    Window outputs = Window.of(dy, column);
    Window inputs = Window.of(x, 0);
    boolean wideInputs = in >= out;
    Window wide = wideInputs ? inputs : outputs;
    Window narrow = wideInputs ? outputs : inputs;
    int wideSize = Math.max(in, out);
    int narrowSize = Math.min(in, out);
    execution
        .kernels()
        .kernel(KERNELS, "weight_gradient")
        .with()
        .pointer(dp)
        .integer(wideInputs ? 1 : in)
        .integer(wideInputs ? in : 1)
        .pointer(wide.address())
        .integer(wide.pitch())
        .integer(wideSize)
        .pointer(narrow.address())
        .integer(narrow.pitch())
        .integer(narrowSize)
        .pointer(rows.deviceOffsets())
        .integer(rows.rows())
        .real(alpha)
        .run(Grids.blocks(wideSize, WIDE), Grids.blocks(narrowSize, NARROW), 1, WEIGHT_THREADS, 0);
  }
}
