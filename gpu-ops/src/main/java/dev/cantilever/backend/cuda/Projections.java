package dev.cantilever.backend.cuda;

import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;

/**
 * Products with a small trainable fp32 matrix, and its gradient, all in fp32 on the CUDA cores. A
 * sum of up to {@link #SLICE} products is one chain; a longer one is cut into slices of so many,
 * whose sums are added in a fixed order.
 */
final class Projections {

  static final KernelSource KERNELS = KernelSource.of(Projections.class, "project.cu");

  /** Inner elements of a slice; at once the largest rank of an adapter that a thread adds alone. */
  static final int SLICE = 256;

  /** Rows that a block of {@code short_*} has at once, and its columns. */
  private static final int SHORT_ROWS = 8;

  private static final int SHORT_COLUMNS = 512;
  private static final int SHORT_THREADS = 128;

  /** Blocks a multiprocessor; beyond, a block takes more rows, for which it reads P once. */
  private static final int SHORT_BLOCKS = 2;

  /** Rows and columns of a block of {@code long_*}. */
  private static final int LONG_ROWS = 32;

  private static final int LONG_COLUMNS = 16;
  private static final int LONG_THREADS = 256;

  /** Elements of a block of {@code add_slices}. */
  private static final int SUMS = 32;

  /** Elements of a block of {@code weight_gradient} along the wider side of P, and the other. */
  private static final int WIDE = 32;

  private static final int NARROW = 16;
  private static final int WEIGHT_THREADS = 128;

  private final Execution execution;

  Projections(Execution execution) {
    this.execution = execution;
  }

  /** A matrix whose rows lie {@code pitch} floats apart, from the column at {@code address} on. */
  private record Window(long address, int pitch) {
    static Window of(Tensor matrix, int column) {
      return new Window(matrix.address() + 4L * column, matrix.size(1));
    }

    Window fromRow(int row) {
      return new Window(address + 4L * row * pitch, pitch);
    }
  }

  /**
   * What a product does with its sums.
   *
   * @param alpha factor of them
   * @param accumulate whether they are added to what is there
   */
  private record Finish(float alpha, boolean accumulate) {}

  /** See {@link dev.cantilever.backend.MatmulOps#project}. */
  void project(Tensor y, int column, Tensor x, Tensor p, float alpha, boolean accumulate) {
    Window target = Window.of(y, column);
    Window rows = Window.of(x, 0);
    Finish finish = new Finish(alpha, accumulate);
    if (p.size(1) <= SLICE) {
      shortSums("short_forward", target, rows, p, finish, x.size(0), p.size(0));
    } else {
      longSums("long_forward", target, rows, p, finish, x.size(0), p.size(0), p.size(1));
    }
  }

  /** See {@link dev.cantilever.backend.MatmulOps#projectInputGradient}. */
  void inputGradient(Tensor dx, Tensor dy, int column, Tensor p, float alpha, boolean accumulate) {
    Window target = Window.of(dx, 0);
    Window rows = Window.of(dy, column);
    Finish finish = new Finish(alpha, accumulate);
    if (p.size(0) <= SLICE) {
      shortSums("short_gradient", target, rows, p, finish, dx.size(0), p.size(1));
    } else {
      longSums("long_gradient", target, rows, p, finish, dx.size(0), p.size(1), p.size(0));
    }
  }

  private void shortSums(
      String kernel, Window y, Window x, Tensor p, Finish finish, int rows, int columns) {
    int columnBlocks = Grids.blocks(columns, SHORT_COLUMNS);
    long blocks = (long) columnBlocks * Grids.blocks(rows, SHORT_ROWS);
    int wanted = SHORT_BLOCKS * execution.device().multiprocessors();
    int rowsEach = Math.toIntExact(Math.max(1, blocks / wanted) * SHORT_ROWS);
    launch(kernel)
        .pointer(y.address())
        .integer(y.pitch())
        .pointer(x.address())
        .integer(x.pitch())
        .pointer(p)
        .real(finish.alpha())
        .integer(finish.accumulate() ? 1 : 0)
        .integer(rows)
        .integer(p.size(0))
        .integer(p.size(1))
        .integer(rowsEach)
        .run(Grids.blocks(rows, rowsEach), columnBlocks, 1, SHORT_THREADS, 0);
  }

  /** In pieces of as many rows as have their slices' sums in half of the workspace. */
  private void longSums(
      String kernel,
      Window y,
      Window x,
      Tensor p,
      Finish finish,
      int rows,
      int columns,
      int depth) {
    int slices = Grids.blocks(depth, SLICE);
    long rowBytes = (long) Float.BYTES * slices * columns;
    int atOnce = (int) Math.max(1, Math.min(rows, execution.workspaceBytes() / 2 / rowBytes));
    Arena workspace = execution.workspace();
    Arena.Mark mark = workspace.mark();
    try {
      long partial = workspace.allocate(rowBytes * atOnce);
      for (int from = 0; from < rows; from += atOnce) {
        int count = Math.min(atOnce, rows - from);
        Window read = x.fromRow(from);
        launch(kernel)
            .pointer(partial)
            .pointer(read.address())
            .integer(read.pitch())
            .pointer(p)
            .integer(count)
            .integer(p.size(0))
            .integer(p.size(1))
            .run(
                Grids.blocks(count, LONG_ROWS),
                Grids.blocks(columns, LONG_COLUMNS),
                slices,
                LONG_THREADS,
                0);
        Window written = y.fromRow(from);
        launch("add_slices")
            .pointer(written.address())
            .integer(written.pitch())
            .pointer(partial)
            .real(finish.alpha())
            .integer(finish.accumulate() ? 1 : 0)
            .integer(count)
            .integer(columns)
            .integer(slices)
            .run(Grids.blocks((long) count * columns, SUMS), LONG_THREADS);
      }
    } finally {
      workspace.reset(mark);
    }
  }

  private LaunchBuffer launch(String kernel) {
    return execution.kernels().kernel(KERNELS, kernel).with();
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
    launch("weight_gradient")
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
