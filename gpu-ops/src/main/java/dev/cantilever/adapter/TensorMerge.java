package dev.cantilever.adapter;

import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.hub.SafetensorsWriter;
import dev.cantilever.hub.TensorEntry;
import dev.cantilever.hub.TensorFile;
import java.io.IOException;
import java.util.Arrays;

/**
 * W + scale·B·A of one matrix, a band of its rows at a time: merged = W + scale·L·R with W [M, N]
 * as stored. Where the base stores [out, in], L is B and R is A; where it stores [in, out], L is Aᵀ
 * and R is Bᵀ. With DoRA each output is brought to its length, m/‖W + scale·B·A‖ along its inputs.
 */
final class TensorMerge {
  private static final int BAND_ELEMENTS = 1 << 20;

  private final TensorFile base;
  private final TensorEntry entry;
  private final TensorEntry target;
  private final AdapterDirectory adapter;
  private final LoraModule module;
  private final boolean transposed;
  private final int rows; // M
  private final int columns; // N
  private final int rank; // r
  private final double scale;
  private final boolean subtracts; // what the adapter began from
  private double[] lengths = new double[0]; // DoRA's factor of each output, if it has such

  private double driftSquares;
  private double exactSquares;
  private double int8Squares;
  private double storedSquares;

  /**
   * Prepares.
   *
   * @param base file of W
   * @param entry where W lies in it
   * @param target name and type of what is written
   * @param transposed whether W is [in, out]
   */
  TensorMerge(
      TensorFile base,
      TensorEntry entry,
      TensorEntry target,
      AdapterDirectory adapter,
      LoraModule module,
      boolean transposed) {
    this.base = base;
    this.entry = entry;
    this.target = target;
    this.adapter = adapter;
    this.module = module;
    this.transposed = transposed;
    this.rows = Math.toIntExact(entry.shape().dim(0));
    this.columns = Math.toIntExact(entry.shape().dim(1));
    int half = adapter.config().rank(module.path());
    // What the adapter brings along is without it already, and a table never had any.
    this.subtracts =
        adapter.config().init().changesBase() && base != adapter.file() && !module.embedding();
    this.rank = subtracts ? 2 * half : half;
    this.scale = adapter.config().scale(module.path());
  }

  /** Supplies the whole tensor to a writer. */
  MergeTally write(SafetensorsWriter writer) throws IOException {
    float[] a = adapter.readA(module);
    float[] b = adapter.readB(module);
    if (subtracts) {
      LowRankFactors beginning = beginning();
      a = LowRankFactors.stacked(a, beginning.floatA());
      b = LowRankFactors.besideNegated(b, beginning.floatB(), rank / 2);
    }
    float[] left = transposed ? LowRankFactors.transposed(a, rank) : b; // [M, r]
    float[] right = transposed ? LowRankFactors.transposed(b, columns) : a; // [r, N]
    // 8-bit rows go along the inputs, which in a transposed matrix run through all its rows.
    boolean banded = !transposed || module.embedding();
    int bandRows = !banded ? rows : Math.max(1, Math.min(rows, BAND_ELEMENTS / columns));
    float[] band = new float[Math.multiplyExact(bandRows, columns)];
    double[] sums = new double[columns];
    if (adapter.config().useDora()) {
      measureLengths(left, right, band, bandRows, sums);
    }
    for (int first = 0; first < rows; first += bandRows) {
      int count = Math.min(bandRows, rows - first);
      base.readFloats(entry, (long) first * columns, band, count * columns);
      for (int row = 0; row < count; row++) {
        add(band, row, first + row, left, right, sums);
      }
      if (!module.embedding()) { // tables are never held in 8 bit
        measureInt8(band, count);
      }
      writer.write(target.name(), band, 0, count * columns);
    }
    return MergeTally.merged(
        relative(driftSquares, exactSquares), relative(int8Squares, storedSquares));
  }

  /** What the adapter began from and took off the base. */
  private LowRankFactors beginning() throws IOException {
    float[] values = new float[Math.multiplyExact(rows, columns)];
    base.readFloats(entry, 0, values, values.length);
    PrincipalFactors.Matrix matrix =
        transposed
            ? new HostMatrix(LowRankFactors.transposed(values, rows), columns, rows)
            : new HostMatrix(values, rows, columns);
    return BaseFactors.of(matrix, adapter.config().init(), rank / 2, scale);
  }

  /** Finds m/‖W + scale·B·A‖ of each output, in a pass over the whole matrix. */
  private void measureLengths(
      float[] left, float[] right, float[] band, int bandRows, double[] sums) throws IOException {
    float[] magnitude = adapter.readMagnitude(module);
    lengths = new double[magnitude.length];
    for (int first = 0; first < rows; first += bandRows) {
      int count = Math.min(bandRows, rows - first);
      base.readFloats(entry, (long) first * columns, band, count * columns);
      for (int row = 0; row < count; row++) {
        sum(first + row, left, right, sums);
        for (int column = 0; column < columns; column++) {
          double exact = band[row * columns + column] + scale * sums[column];
          lengths[transposed ? column : first + row] += exact * exact;
        }
      }
    }
    for (int output = 0; output < lengths.length; output++) {
      lengths[output] = lengths[output] == 0 ? 1 : magnitude[output] / Math.sqrt(lengths[output]);
    }
  }

  /** A row of L·R. */
  private void sum(int row, float[] left, float[] right, double[] sums) {
    Arrays.fill(sums, 0);
    for (int k = 0; k < rank; k++) {
      double factor = left[row * rank + k];
      int from = k * columns;
      for (int column = 0; column < columns; column++) {
        sums[column] += factor * right[from + column];
      }
    }
  }

  /** Replaces a row of the base with the merged one, as it will be stored. */
  private void add(float[] band, int bandRow, int row, float[] left, float[] right, double[] sums) {
    sum(row, left, right, sums);
    int from = bandRow * columns;
    for (int column = 0; column < columns; column++) {
      double length = lengths.length == 0 ? 1 : lengths[transposed ? column : row];
      double exact = length * (band[from + column] + scale * sums[column]);
      float stored = StoredValues.rounded((float) exact, target.dtype());
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

  private CheckpointException notFinite(double value, int row, int column) {
    return new CheckpointException(
        "%s: expected tensor '%s' with the branch of %s added to be finite in %s, found %s in row %d, column %d. Look for a damaged or diverged weight, or store the base in BF16 or F32."
            .formatted(
                base.path(),
                target.name(),
                adapter.file().path(),
                target.dtype(),
                value,
                row,
                column));
  }

  private static double relative(double squares, double ofSquares) {
    return squares == 0 ? 0 : Math.sqrt(squares / ofSquares);
  }
}
