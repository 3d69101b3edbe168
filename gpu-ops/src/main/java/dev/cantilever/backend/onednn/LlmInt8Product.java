package dev.cantilever.backend.onednn;

import dev.cantilever.memory.Arena;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;

/**
 * The forward product of LLM.int8() (Dettmers et al. 2022, section 3): activations quantised per
 * row, an exact integer product, and the outlier columns apart in floating point with the weights'
 * dequantised integers, as bitsandbytes does for frozen weights. Rows and outputs are gone over in
 * pieces that fit the workspace; no sum runs over a piece's edge, so no bit depends on them.
 */
final class LlmInt8Product {

  private static final float LARGEST = 127;

  private final Workers workers;
  private final Arena workspace;
  private final long workspaceBytes;
  private final MatrixProduct product;

  /**
   * @param workspace where quantised rows and outlier columns live while a product runs
   * @param workspaceBytes the most that they may take together with what others hold there, except
   *     that one row is always allowed
   */
  LlmInt8Product(Workers workers, Arena workspace, long workspaceBytes, MatrixProduct product) {
    this.workers = workers;
    this.workspace = workspace;
    this.workspaceBytes = workspaceBytes;
    this.product = product;
  }

  /**
   * y = x·Wᵀ + b.
   *
   * @param view the weight's integers, packed or not
   * @param bias address of f32 [O], or 0
   */
  void forward(Tensor y, Tensor x, Int8Weight w, WeightView view, long bias) {
    int[] outliers = outlierColumns(x);
    Arena.Mark mark = workspace.mark();
    try {
      forwardIntegers(y, x, w, view, bias, outliers);
      workspace.reset(mark);
      if (outliers.length > 0) {
        addOutliers(y, x, w, outliers);
      }
    } finally {
      workspace.reset(mark);
    }
  }

  /** y = the product of what is no outlier, plus the bias. */
  private void forwardIntegers(
      Tensor y, Tensor x, Int8Weight w, WeightView view, long bias, int[] outliers) {
    int n = x.size(0);
    int rows = fitting(free(), w.inFeatures(), n);
    Tensor quantised = Tensor.in(workspace, DType.I8, rows, w.inFeatures());
    for (int from = 0; from < n; from += rows) {
      int to = Math.min(n, from + rows);
      Tensor sums = y.slice(from, to); // int32 first, in place of the floats that they become
      float[] rowScales = quantizeRows(quantised, x.slice(from, to), outliers);
      product.int8Forward(sums.address(), quantised.address(), view, to - from);
      dequantize(sums, w, rowScales, bias);
    }
  }

  /** y += the outlier columns of x times those of the weight; each sum runs over all columns. */
  private void addOutliers(Tensor y, Tensor x, Int8Weight w, int[] outliers) {
    int n = x.size(0);
    int out = w.outFeatures();
    int count = outliers.length;
    long half = free() / 2 & -HostMemory.ALIGNMENT;
    int rows = fitting(half, 4L * count, n);
    int outputs = fitting(half, 4L * count, out);
    Tensor columns = Tensor.in(workspace, DType.F32, rows, count);
    Tensor weights = Tensor.in(workspace, DType.F32, outputs, count);
    for (int o = 0; o < out; o += outputs) {
      int width = Math.min(outputs, out - o);
      gatherWeights(weights, w, o, width, outliers);
      for (int from = 0; from < n; from += rows) {
        Tensor inputs = x.slice(from, Math.min(n, from + rows));
        gatherInputs(columns, inputs, outliers);
        long target = y.address() + 4L * ((long) from * out + o);
        product.project(
            target,
            out,
            columns.address(),
            weights.address(),
            inputs.size(0),
            width,
            count,
            1,
            true);
      }
    }
  }

  /** Bytes of the workspace that nobody holds. */
  private long free() {
    return Math.max(0, workspaceBytes - workspace.usedBytes()) & -HostMemory.ALIGNMENT;
  }

  /** How many pieces fit, of those there are; one always does. */
  private static int fitting(long bytes, long pieceBytes, int pieces) {
    return (int) Math.max(1, Math.min(bytes / Math.max(1, pieceBytes), pieces));
  }

  private static int[] outlierColumns(Tensor x) {
    int in = x.size(1);
    boolean[] outlier = new boolean[in];
    float[] row = new float[in];
    for (int r = 0; r < x.size(0); r++) {
      HostMemory.get(x.address() + 4L * r * in, row, 0, in);
      for (int k = 0; k < in; k++) {
        outlier[k] |= Math.abs(row[k]) >= Int8Weight.OUTLIER_THRESHOLD;
      }
    }
    int[] columns = new int[in];
    int count = 0;
    for (int k = 0; k < in; k++) {
      if (outlier[k]) {
        columns[count++] = k;
      }
    }
    return Arrays.copyOf(columns, count);
  }

  private float[] quantizeRows(Tensor quantised, Tensor x, int[] outliers) {
    int in = x.size(1);
    float[] scales = new float[x.size(0)];
    Tiles.rows(
        workers,
        x.size(0),
        in,
        (from, to) -> {
          float[] row = new float[in];
          byte[] target = new byte[in];
          for (int r = from; r < to; r++) {
            HostMemory.get(x.address() + 4L * r * in, row, 0, in);
            scales[r] = RowQuantizer.quantize(row, target, Int8Weight.OUTLIER_THRESHOLD);
            for (int k : outliers) {
              target[k] = 0;
            }
            HostMemory.put(quantised.address() + (long) r * in, target, 0, in);
          }
        });
    return scales;
  }

  private void dequantize(Tensor y, Int8Weight w, float[] rowScales, long bias) {
    int out = w.outFeatures();
    float[] absmax = StoredFloats.all(w.absmax());
    float[] added = new float[out];
    if (bias != 0) {
      HostMemory.get(bias, added, 0, out);
    }
    Tiles.rows(
        workers,
        rowScales.length,
        out,
        (from, to) -> {
          int[] sums = new int[out];
          float[] row = new float[out];
          for (int r = from; r < to; r++) {
            HostMemory.get(y.address() + 4L * r * out, sums, 0, out);
            float rowScale = rowScales[r] / (LARGEST * LARGEST);
            for (int o = 0; o < out; o++) {
              row[o] = sums[o] * (rowScale * absmax[o]) + added[o];
            }
            HostMemory.put(y.address() + 4L * r * out, row, 0, out);
          }
        });
  }

  private static void gatherInputs(Tensor columns, Tensor x, int[] outliers) {
    int in = x.size(1);
    float[] row = new float[in];
    float[] picked = new float[outliers.length];
    for (int r = 0; r < x.size(0); r++) {
      HostMemory.get(x.address() + 4L * r * in, row, 0, in);
      for (int i = 0; i < outliers.length; i++) {
        picked[i] = row[outliers[i]];
      }
      HostMemory.put(columns.address() + 4L * r * outliers.length, picked, 0, outliers.length);
    }
  }

  private static void gatherWeights(
      Tensor weights, Int8Weight w, int first, int count, int[] outliers) {
    int in = w.inFeatures();
    byte[] row = new byte[in];
    float[] picked = new float[outliers.length];
    for (int o = 0; o < count; o++) {
      HostMemory.get(w.data().address() + (long) (first + o) * in, row, 0, in);
      float scale = HostMemory.getFloat(w.absmax().address() + 4L * (first + o)) / LARGEST;
      for (int i = 0; i < outliers.length; i++) {
        picked[i] = row[outliers[i]] * scale;
      }
      HostMemory.put(weights.address() + 4L * o * outliers.length, picked, 0, outliers.length);
    }
  }
}
