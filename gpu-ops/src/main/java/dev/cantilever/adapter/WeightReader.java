package dev.cantilever.adapter;

import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.EmbeddingTable;
import dev.cantilever.nn.Linear;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.HalfPrecision;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.Arrays;
import java.util.List;

/**
 * Numbers of frozen weights on the host, whatever their storage, through the backend's products of
 * a few rows. Where a backend rounds what it multiplies to 16 bit, a factor is given in two parts,
 * so that it counts with at least 16 bits.
 */
final class WeightReader {

  /** Elements of a table that are on the host at once. */
  private static final int BAND_ELEMENTS = 1 << 20;

  private final Backend backend;
  private final int rows;
  private final Tensor inputs; // of `rows` rows of the widest input
  private final Tensor outputs; // of `rows` rows of the widest output

  /**
   * Takes room for products.
   *
   * @param vectors most vectors of one product
   * @param targets all layers that will be read
   */
  WeightReader(Backend backend, Arena arena, int vectors, List<LoraTarget> targets) {
    this.backend = backend;
    this.rows = Math.multiplyExact(2, vectors);
    long widest = 0;
    long longest = 0;
    for (LoraTarget target : targets) {
      widest = Math.max(widest, target.linear().weight().outFeatures());
      longest = Math.max(longest, target.inFeatures());
    }
    this.inputs = Tensor.in(arena, DType.F32, rows, longest);
    this.outputs = Tensor.in(arena, DType.F32, rows, widest);
  }

  private static Weight exact(Weight weight) {
    Weight plain = weight.withoutBias();
    return plain instanceof Int8Weight int8 && int8.mode() != Int8Mode.WEIGHT_ONLY
        ? int8.withMode(Int8Mode.WEIGHT_ONLY)
        : plain;
  }

  /**
   * ‖W‖² of each row of the whole layer.
   *
   * @return [O]
   */
  double[] rowSquares(Linear linear) {
    return linear.rowSquares(this::sumSquares);
  }

  private double[] sumSquares(Weight stored) {
    double[] squares = new double[stored.outFeatures()];
    eachColumn(
        stored,
        (i, columns, from) -> {
          for (int o = 0; o < squares.length; o++) {
            double value = columns[from + o];
            squares[o] += value * value;
          }
        });
    return squares;
  }

  /**
   * Adds a target's matrix to values.
   *
   * @param values [O', I]
   * @param factor of the matrix
   */
  void addTo(float[] values, LoraTarget target, float factor) {
    int in = target.inFeatures();
    eachColumn(
        target.linear().weight(),
        (i, columns, from) -> {
          for (int o = 0; o < target.outFeatures(); o++) {
            values[o * in + i] += factor * columns[from + target.column() + o];
          }
        });
  }

  /** Takes a column of a matrix. */
  private interface ColumnUse {

    /**
     * Takes one.
     *
     * @param input which
     * @param columns has it at {@code [from, from + O)}
     */
    void take(int input, float[] columns, int from);
  }

  /** Columns in ascending order, which are the products with unit vectors. */
  private void eachColumn(Weight stored, ColumnUse use) {
    Weight weight = exact(stored);
    int in = weight.inFeatures();
    int out = weight.outFeatures();
    float[] unit = new float[rows * in];
    float[] columns = new float[rows * out];
    Arrays.fill(columns, Float.NaN);
    for (int first = 0; first < in && !(first > 0 && untouched(columns)); first += rows) {
      int count = Math.min(rows, in - first);
      Arrays.fill(unit, 0);
      for (int k = 0; k < count; k++) {
        unit[k * in + first + k] = 1;
      }
      product(weight, unit, columns);
      for (int k = 0; k < count; k++) {
        use.take(first + k, columns, k * out);
      }
    }
  }

  /**
   * Whether nothing was ever written there: on the device of shapes only there is no more to do.
   */
  private static boolean untouched(float[] values) {
    for (float value : values) {
      if (!Float.isNaN(value)) {
        return false;
      }
    }
    return true;
  }

  /**
   * W·x of a target's outputs, for some vectors.
   *
   * @param x [k, I], at most as many as there is room for
   * @return [k, O']
   */
  double[] times(LoraTarget target, double[] x) {
    Weight weight = exact(target.linear().weight());
    int in = weight.inFeatures();
    int out = weight.outFeatures();
    int vectors = x.length / in;
    float[] y = new float[rows * out];
    product(weight, inTwoParts(x, vectors, in), y);
    int width = target.outFeatures();
    double[] result = new double[vectors * width];
    for (int k = 0; k < vectors; k++) {
      for (int o = 0; o < width; o++) {
        int at = target.column() + o;
        result[k * width + o] = (double) y[2 * k * out + at] + y[(2 * k + 1) * out + at];
      }
    }
    return result;
  }

  /**
   * Wᵀ·y of a target's outputs, for some vectors.
   *
   * @param y [k, O']
   * @return [k, I]
   */
  double[] transposedTimes(LoraTarget target, double[] y) {
    Weight weight = exact(target.linear().weight());
    int in = weight.inFeatures();
    int out = weight.outFeatures();
    int width = target.outFeatures();
    int vectors = y.length / width;
    double[] wide = new double[vectors * out];
    for (int k = 0; k < vectors; k++) {
      System.arraycopy(y, k * width, wide, k * out + target.column(), width);
    }
    Tensor dy = view(outputs, out);
    Tensor dx = view(inputs, in);
    backend.transfers().upload(dy, inTwoParts(wide, vectors, out));
    backend.matmul().linearInputGradient(dx, dy, weight, false);
    float[] parts = new float[rows * in];
    backend.transfers().download(parts, dx);
    double[] result = new double[vectors * in];
    for (int k = 0; k < vectors; k++) {
      for (int i = 0; i < in; i++) {
        result[k * in + i] = (double) parts[2 * k * in + i] + parts[(2 * k + 1) * in + i];
      }
    }
    return result;
  }

  /**
   * ‖·‖² of each column of a table.
   *
   * @return [E]
   */
  double[] columnSquares(EmbeddingTable table) {
    return table.columnSquares(this::sumColumnSquares);
  }

  private double[] sumColumnSquares(Tensor values) {
    DeviceCopies copies = new DeviceCopies(backend);
    int columns = values.size(1);
    int most = Math.max(1, BAND_ELEMENTS / columns);
    float[] band = new float[Math.min(most, values.size(0)) * columns];
    double[] squares = new double[columns];
    for (int first = 0; first < values.size(0); first += most) {
      int last = Math.min(values.size(0), first + most);
      copies.downloadWidened(band, values.slice(first, last));
      for (int i = 0; i < (last - first) * columns; i++) {
        squares[i % columns] += (double) band[i] * band[i];
      }
    }
    return squares;
  }

  /**
   * The bias of a target's outputs.
   *
   * @param weight of its layer, with the bias that acts
   * @return [O'], zeros where there is none
   */
  float[] bias(LoraTarget target, Weight weight) {
    float[] bias = new float[target.outFeatures()];
    if (weight.bias().isPresent()) {
      float[] y = new float[rows * weight.outFeatures()];
      product(weight, new float[rows * weight.inFeatures()], y); // 0·Wᵀ + b
      System.arraycopy(y, target.column(), bias, 0, bias.length);
    }
    return bias;
  }

  /** A target's matrix, for its decomposition. */
  PrincipalFactors.Matrix matrix(LoraTarget target) {
    return new PrincipalFactors.Matrix() {
      @Override
      public int outputs() {
        return target.outFeatures();
      }

      @Override
      public int inputs() {
        return target.inFeatures();
      }

      @Override
      public double[] times(double[] x) {
        return WeightReader.this.times(target, x);
      }

      @Override
      public double[] transposedTimes(double[] y) {
        return WeightReader.this.transposedTimes(target, y);
      }
    };
  }

  private void product(Weight weight, float[] x, float[] y) {
    Tensor input = view(inputs, weight.inFeatures());
    Tensor output = view(outputs, weight.outFeatures());
    backend.transfers().upload(input, x);
    backend.matmul().linear(output, input, weight);
    backend.transfers().download(y, output);
  }

  private Tensor view(Tensor room, int width) {
    return Tensor.at(room.address(), DType.F32, Shape.of(rows, width));
  }

  /** Each vector as its bf16 part and the rest, one behind the other. */
  private float[] inTwoParts(double[] vectors, int count, int length) {
    float[] parts = new float[rows * length];
    for (int k = 0; k < count; k++) {
      for (int i = 0; i < length; i++) {
        double value = vectors[k * length + i];
        float high = HalfPrecision.bf16ToF32(HalfPrecision.f32ToBf16((float) value));
        parts[2 * k * length + i] = high;
        parts[(2 * k + 1) * length + i] = (float) (value - high);
      }
    }
    return parts;
  }
}
