package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.Closeness;
import dev.cantilever.backend.FrozenWeightCase;
import dev.cantilever.backend.FrozenWeightCase.Form;
import dev.cantilever.backend.OpsConformance;
import dev.cantilever.backend.ReferenceMatmulOps;
import dev.cantilever.backend.TestTensors;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Weights of sizes that a large card cuts in every way, against rows of whole numbers: those are
 * exact in bf16, so that a weight's last bit counts.
 */
@RequiresCuda
class CudaFrozenProductTest extends OpsConformance {

  private static final int[] COUNTS = {1, 8, 17, 64, 95, 128, 129, 300};
  private static final int MOST_ROWS = 400;
  private static final int MANY_ROWS = 4480;
  private static final int FEW_ROWS = 128;
  private static final int[] CHECKED = {0, 130, 399};

  /** Of a product that the tensor cores add to a sum, which they need not round to nearest. */
  private static final double ROUNDING = 0x1p-22;

  @Override
  protected Backend open() {
    return Backends.cuda(1L << 30, DType.BF16);
  }

  @ParameterizedTest
  @CsvSource({
    "F16, 33400, 72", // more tiles of outputs than multiprocessors
    "BF16, 33400, 72",
    "F16, 33401, 776", // and tiles that blocks share, of outputs that are not written four at a
    // time
    "BF16, 17001, 776",
    "F16, 520, 2056", // few tiles, long sums
    "BF16, 520, 2056",
    "F16, 300, 1032", // ends within what threads write at once
    "BF16, 301, 40",
    "F16, 2, 4096",
    "BF16, 12201, 1288", // blocks that have parts of two tiles
    "WEIGHT_ONLY, 12201, 1288",
    "WEIGHT_ONLY, 33401, 776",
    "WEIGHT_ONLY, 520, 2056",
  })
  void linear_exactRows_equalsTheReferenceForEveryCount(Form form, int outputs, int inputs) {
    float[] x = wholeNumbers(MOST_ROWS * inputs);
    FrozenWeightCase made = FrozenWeightCase.random(backend, tensors, form, inputs, outputs, false);
    Weight weight = made.weight();
    double[] w = made.values();
    check(
        x,
        inputs,
        outputs,
        rows -> linear(rows, weight),
        row -> ReferenceMatmulOps.linear(row, w, 1, inputs, outputs),
        row -> ReferenceMatmulOps.linear(magnitudes(row), magnitudes(w), 1, inputs, outputs));
  }

  /** Blocks have whole tiles then, and are more than the runs of such a weight. */
  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16", "WEIGHT_ONLY"})
  void linear_manyRowsOfASmallWeight_hasTheBitsOfFewRows(Form form) {
    int inputs = 1024;
    int outputs = 2048;
    float[] x = wholeNumbers(MANY_ROWS * inputs);
    Weight weight =
        FrozenWeightCase.random(backend, tensors, form, inputs, outputs, false).weight();

    float[] all = linear(x, weight);

    for (int from = 0; from < MANY_ROWS; from += FEW_ROWS) {
      Closeness.assertSameBits(
          "rows from " + from + " " + tensors,
          linear(TestTensors.rowsOf(x, inputs, from, from + FEW_ROWS), weight),
          TestTensors.rowsOf(all, outputs, from, from + FEW_ROWS));
    }
  }

  private float[] linear(float[] rows, Weight weight) {
    int n = rows.length / weight.inFeatures();
    Tensor y = Tensor.in(arena, DType.F32, n, weight.outFeatures());
    backend.matmul().linear(y, tensors.of(rows, n, weight.inFeatures()), weight);
    return tensors.read(y);
  }

  @ParameterizedTest
  @CsvSource({
    "F16, 72, 33400",
    "BF16, 72, 33400",
    "F16, 2056, 520",
    "BF16, 2056, 520",
    "F16, 1030, 296", // ends within a stage
    "BF16, 3, 304",
    "F16, 1288, 12200", // blocks that have parts of two tiles
  })
  void linearInputGradient_exactRows_equalsTheReferenceForEveryCount(
      DType type, int outputs, int inputs) {
    float[] dy = wholeNumbers(MOST_ROWS * outputs);
    Tensor values = tensors.stored(type, tensors.normal(outputs * inputs, 0.5), outputs, inputs);
    DenseWeight weight = DenseWeight.of(values);
    double[] w = TestTensors.widen(tensors.read(values));
    UnaryOperator<float[]> product =
        rows -> {
          int n = rows.length / outputs;
          Tensor dx = Tensor.in(arena, DType.F32, n, inputs);
          backend.matmul().linearInputGradient(dx, tensors.of(rows, n, outputs), weight, false);
          return tensors.read(dx);
        };
    check(
        dy,
        outputs,
        inputs,
        product,
        row -> ReferenceMatmulOps.inputGradient(row, w, 1, inputs, outputs),
        row ->
            ReferenceMatmulOps.inputGradient(magnitudes(row), magnitudes(w), 1, inputs, outputs));
  }

  private void check(
      float[] rows,
      int inner,
      int outer,
      UnaryOperator<float[]> product,
      UnaryOperator<double[]> reference,
      UnaryOperator<double[]> magnitude) {
    float[] all = product.apply(rows);
    for (int r : CHECKED) {
      double[] row = TestTensors.widen(TestTensors.rowsOf(rows, inner, r, r + 1));
      double[] bounds = magnitude.apply(row);
      for (int i = 0; i < bounds.length; i++) {
        bounds[i] *= ROUNDING * (2 + Math.sqrt(inner));
      }
      Closeness.assertClose(
          "row " + r + " " + tensors,
          TestTensors.rowsOf(all, outer, r, r + 1),
          reference.apply(row),
          bounds);
    }
    for (int n : COUNTS) {
      Closeness.assertSameBits(
          n + " rows " + tensors,
          product.apply(TestTensors.rowsOf(rows, inner, MOST_ROWS - n, MOST_ROWS)),
          TestTensors.rowsOf(all, outer, MOST_ROWS - n, MOST_ROWS));
    }
  }

  /** In [−8, 8]. */
  private float[] wholeNumbers(int count) {
    int[] indices = tensors.indices(count, 17);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = indices[i] - 8;
    }
    return values;
  }

  private static double[] magnitudes(double[] values) {
    return Arrays.stream(values).map(Math::abs).toArray();
  }
}
