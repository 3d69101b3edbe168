package dev.cantilever.backend.cuda;

import dev.cantilever.backend.UnsupportedOpException;
import dev.cantilever.backend.cuda.driver.CudaDevice;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;

/**
 * The forward product of LLM.int8() (Dettmers et al. 2022, section 3) as bitsandbytes makes it for
 * frozen weights: activations quantised per row, exact integer sums on the tensor cores, and the
 * columns with an outlier anywhere in the batch apart in fp32. Which columns these are is found,
 * listed and used on the device. Rows go in pieces that fit the workspace; no bit depends on them.
 */
final class LlmInt8TensorProduct {

  static final KernelSource KERNELS = KernelSource.of(LlmInt8TensorProduct.class, "llm_int8.cu");

  /** Longest inner dimension at which 127 · 127 products cannot leave the int32 range. */
  private static final int MOST_INPUTS = Integer.MAX_VALUE / (127 * 127);

  /** Inputs that {@code product_many} takes at once: quantised rows are padded to multiples. */
  private static final int CHUNK = 64;

  /** Rows and outputs of a block of {@code product_many}. */
  private static final int MANY = 128;

  /** The same of {@code product_few}. */
  private static final int FEW = 32;

  private static final int THREADS = 256;
  private static final int LIST_THREADS = 1024;
  private static final int OUTLIER_THREADS = 128;
  private static final int OUTLIER_ROWS = 16;

  /** Rows that a thread of {@code mark_outliers} looks at, if the grid allows. */
  private static final int MARKED_ROWS = 8;

  private static final int MOST_ROW_GROUPS = 256;

  private final Execution execution;

  LlmInt8TensorProduct(Execution execution) {
    this.execution = execution;
  }

  /**
   * Scratch of one product.
   *
   * @param flags [I] bytes, 1 for an outlier column
   * @param columns [I] I32, the outlier columns, ascending
   * @param count one I32, how many they are
   * @param rows how many rows are quantised at once
   * @param pitch bytes of a quantised row
   * @param integers [rows, pitch] I8
   * @param absmax [rows] F32
   */
  private record Scratch(
      long flags, long columns, long count, int rows, int pitch, long integers, long absmax) {}

  /** y [N, O] = x [N, I]·Wᵀ + b; the addend must not be y, which is written before it is read. */
  void forward(ProductRows rows, Int8Weight w) {
    if (w.inFeatures() > MOST_INPUTS) {
      throw new UnsupportedOpException(
          "linear: expected at most %d inputs of an int8 product, whose int32 sum holds no more, found %d. Use --int8-mode weight-only."
              .formatted(MOST_INPUTS, w.inFeatures()));
    }
    Arena workspace = execution.workspace();
    Arena.Mark mark = workspace.mark();
    try {
      Scratch scratch = allocate(workspace, rows.count(), w.inFeatures());
      findOutliers(scratch, rows.source());
      for (int from = 0; from < rows.count(); from += scratch.rows()) {
        int to = Math.min(rows.count(), from + scratch.rows());
        quantize(scratch, rows.source().slice(from, to));
        multiply(scratch, rows.target().slice(from, to), w);
      }
      addOutliers(scratch, rows, w);
    } finally {
      workspace.reset(mark);
    }
  }

  /** As many rows as fit half of the workspace, the other half is the caller's; one always does. */
  private Scratch allocate(Arena workspace, int n, int in) {
    int pitch = (in + CHUNK - 1) / CHUNK * CHUNK;
    long fixed = 5L * in + Integer.BYTES + 5 * Reservation.ALIGNMENT;
    long fitting = (execution.workspaceBytes() / 2 - fixed) / (pitch + Float.BYTES);
    int rows = (int) Math.max(1, Math.min(n, fitting));
    return new Scratch(
        workspace.allocate(in),
        workspace.allocate((long) in * Integer.BYTES),
        workspace.allocate(Integer.BYTES),
        rows,
        pitch,
        workspace.allocate((long) rows * pitch),
        workspace.allocate((long) rows * Float.BYTES));
  }

  private void findOutliers(Scratch scratch, Tensor x) {
    CudaDevice device = execution.device();
    int rows = x.size(0);
    int in = x.size(1);
    device.fill(scratch.flags(), 0, in);
    kernel("mark_outliers")
        .pointer(scratch.flags())
        .pointer(x)
        .integer(rows)
        .integer(in)
        .real(Int8Weight.OUTLIER_THRESHOLD)
        .run(
            Grids.blocks(in, THREADS),
            Math.min(Grids.blocks(rows, MARKED_ROWS), MOST_ROW_GROUPS),
            1,
            THREADS,
            0);
    kernel("list_outliers")
        .pointer(scratch.columns())
        .pointer(scratch.count())
        .pointer(scratch.flags())
        .integer(in)
        .run(1, LIST_THREADS);
  }

  private void quantize(Scratch scratch, Tensor x) {
    kernel("quantize_rows")
        .pointer(scratch.integers())
        .pointer(scratch.absmax())
        .pointer(x)
        .pointer(scratch.flags())
        .integer(x.size(1))
        .integer(scratch.pitch())
        .real(Int8Weight.OUTLIER_THRESHOLD)
        .run(x.size(0), THREADS);
  }

  /** y = the product of what is no outlier, plus the bias. */
  private void multiply(Scratch scratch, Tensor y, Int8Weight w) {
    int rows = y.size(0);
    int out = w.outFeatures();
    boolean few = rows <= FEW;
    LaunchBuffer launch =
        kernel(few ? "product_few" : "product_many")
            .pointer(y)
            .pointer(scratch.integers())
            .pointer(scratch.absmax())
            .pointer(w.data())
            .pointer(w.absmax())
            .pointer(w.bias())
            .integer(StorageCode.of(w.bias()))
            .integer(rows)
            .integer(out)
            .integer(w.inFeatures())
            .integer(scratch.pitch());
    if (few) {
      launch.run(Grids.blocks(out, FEW), THREADS);
    } else {
      launch.run(Grids.blocks(rows, MANY), Grids.blocks(out, MANY), 1, THREADS, 0);
    }
  }

  /** y += the product of the outlier columns, then y += the addend. */
  private void addOutliers(Scratch scratch, ProductRows rows, Int8Weight w) {
    kernel("add_outliers")
        .pointer(rows.target())
        .pointer(rows.source())
        .pointer(w.data())
        .pointer(w.absmax())
        .pointer(scratch.columns())
        .pointer(scratch.count())
        .integer(rows.count())
        .integer(w.outFeatures())
        .integer(w.inFeatures())
        .pointer(rows.addend())
        .run(
            Grids.blocks(rows.count(), OUTLIER_ROWS),
            Grids.blocks(w.outFeatures(), OUTLIER_THREADS),
            1,
            OUTLIER_THREADS,
            0);
  }

  private LaunchBuffer kernel(String name) {
    return execution.kernels().kernel(KERNELS, name).with();
  }
}
