package dev.cantilever.adapter;

import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.hub.SafetensorsWriter;
import dev.cantilever.hub.TensorEntry;
import dev.cantilever.hub.TensorFile;
import dev.cantilever.tensor.HalfPrecision;
import java.io.IOException;
import java.util.Arrays;

/**
 * W + scale·B·A of one matrix, a band of its rows at a time: merged = W + scale·L·R with W [M, N]
 * as stored. Where the base stores [out, in], L is B and R is A; where it stores [in, out], L is Aᵀ
 * and R is Bᵀ.
 */
final class TensorMerge {
  private static final int BAND_ELEMENTS = 1 << 20;

  private final TensorFile base;
  private final TensorEntry entry;
  private final AdapterDirectory adapter;
  private final LoraModule module;
  private final boolean transposed;
  private final int rows; // M
  private final int columns; // N
  private final int rank; // r
  private final double scale;

  private double driftSquares;
  private double exactSquares;
  private double int8Squares;
  private double storedSquares;

  TensorMerge(TensorFile base, TensorEntry entry, AdapterDirectory adapter, LoraModule module) {
    this.base = base;
    this.entry = entry;
    this.adapter = adapter;
    this.module = module;
    this.transposed = adapter.config().fanInFanOut();
    this.rows = Math.toIntExact(entry.shape().dim(0));
    this.columns = Math.toIntExact(entry.shape().dim(1));
    this.rank = adapter.config().r();
    this.scale = adapter.config().scale();
  }

  /** Supplies the whole tensor to a writer. */
  MergeTally write(SafetensorsWriter writer) throws IOException {
    float[] a = adapter.readA(module);
    float[] b = adapter.readB(module);
    float[] left = transposed ? transpose(a, rank) : b; // [M, r]
    float[] right = transposed ? transpose(b, columns) : a; // [r, N]
    // 8-bit rows go along the inputs, which in a transposed matrix run through all its rows.
    int bandRows = transposed ? rows : Math.max(1, Math.min(rows, BAND_ELEMENTS / columns));
    float[] band = new float[Math.multiplyExact(bandRows, columns)];
    double[] sums = new double[columns];
    for (int first = 0; first < rows; first += bandRows) {
      int count = Math.min(bandRows, rows - first);
      base.readFloats(entry, (long) first * columns, band, count * columns);
      for (int row = 0; row < count; row++) {
        add(band, row, first + row, left, right, sums);
      }
      measureInt8(band, count);
      writer.write(entry.name(), band, 0, count * columns);
    }
    return MergeTally.merged(
        relative(driftSquares, exactSquares), relative(int8Squares, storedSquares));
  }

  /** Replaces a row of the base with the merged one, as it will be stored. */
  private void add(float[] band, int bandRow, int row, float[] left, float[] right, double[] sums) {
    Arrays.fill(sums, 0);
    for (int k = 0; k < rank; k++) {
      double factor = left[row * rank + k];
      int from = k * columns;
      for (int column = 0; column < columns; column++) {
        sums[column] += factor * right[from + column];
      }
    }
    int from = bandRow * columns;
    for (int column = 0; column < columns; column++) {
      double exact = band[from + column] + scale * sums[column];
      float stored = stored((float) exact);
      if (!Float.isFinite(stored)) {
        throw notFinite(exact, row, column);
      }
      band[from + column] = stored;
      driftSquares += (stored - exact) * (stored - exact);
      exactSquares += exact * exact;
    }
  }

  /** Adds what 8-bit rows would cost: q = round(W·127 / absmax) along each output. */
  private void measureInt8(float[] band, int count) {
    int outputs = transposed ? columns : count;
    int inputs = transposed ? count : columns;
    int nextOutput = transposed ? 1 : columns;
    int nextInput = transposed ? columns : 1;
    for (int output = 0; output < outputs; output++) {
      int from = output * nextOutput;
      float absmax = 0;
      for (int i = 0; i < inputs; i++) {
        absmax = Math.max(absmax, Math.abs(band[from + i * nextInput]));
      }
      double step = absmax == 0 ? 1 : absmax / 127.0;
      for (int i = 0; i < inputs; i++) {
        double value = band[from + i * nextInput];
        double error = Math.rint(value / step) * step - value;
        int8Squares += error * error;
        storedSquares += value * value;
      }
    }
  }

  private float stored(float value) {
    return switch (entry.dtype()) {
      case F16 -> HalfPrecision.f16ToF32(HalfPrecision.f32ToF16(value));
      case BF16 -> HalfPrecision.bf16ToF32(HalfPrecision.f32ToBf16(value));
      default -> value;
    };
  }

  private CheckpointException notFinite(double value, int row, int column) {
    return new CheckpointException(
        "%s: expected tensor '%s' with the branch of %s added to be finite in %s, found %s in row %d, column %d. Look for a damaged or diverged weight, or store the base in BF16 or F32."
            .formatted(
                base.path(),
                entry.name(),
                adapter.file().path(),
                entry.dtype(),
                value,
                row,
                column));
  }

  private static double relative(double squares, double ofSquares) {
    return squares == 0 ? 0 : Math.sqrt(squares / ofSquares);
  }

  /** The transpose of a row-major matrix of {@code rows} rows. */
  private static float[] transpose(float[] matrix, int rows) {
    int columns = matrix.length / rows;
    float[] transposed = new float[matrix.length];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        transposed[column * rows + row] = matrix[row * columns + column];
      }
    }
    return transposed;
  }
}
