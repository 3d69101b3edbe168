package dev.cantilever.backend;

import static dev.cantilever.backend.TestTensors.permuted;
import static dev.cantilever.backend.TestTensors.rowsOf;
import static dev.cantilever.backend.TestTensors.widen;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.FrozenWeightCase.Form;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every implementation of products with a frozen weight must do. */
public abstract class MatmulOpsConformance extends OpsConformance {

  /**
   * Tokens, inputs, outputs: within a tile, a multiple of none, and beyond one in each direction.
   */
  static final int[][] SIZES = {
    {1, 1, 1},
    {1, 7, 5},
    {2, 16, 33},
    {3, 64, 17},
    {5, 31, 70},
    {17, 130, 65},
    {70, 33, 130},
    {33, 96, 130},
    {65, 257, 129},
    {129, 200, 300},
    {161, 136, 264},
    {400, 72, 520}
  };

  /** Numbers of tokens around the edges of tiles. */
  private static final int[] COUNTS = {
    1, 2, 7, 8, 9, 16, 17, 31, 32, 33, 50, 63, 64, 65, 100, 130, 161
  };

  private double inputRounding(Form form) {
    return form.inputRounding(backend);
  }

  private boolean declared(Form form) {
    return form.declaredBy(backend);
  }

  private FrozenWeightCase make(Form form, int inputs, int outputs, boolean withBias) {
    return FrozenWeightCase.random(backend, tensors, form, inputs, outputs, withBias);
  }

  private byte[] integers(Int8Weight weight) {
    return FrozenWeightCase.integers(backend, tensors, weight);
  }

  private float[] linear(float[] x, Weight w) {
    int n = x.length / w.inFeatures();
    Tensor y = tensors.output(DType.F32, n, w.outFeatures());
    backend.matmul().linear(y, tensors.of(x, n, w.inFeatures()), w);
    return tensors.read(y);
  }

  private float[] linear(float[] x, Weight w, float[] residual) {
    int n = x.length / w.inFeatures();
    return linear(x, w, tensors.of(residual, n, w.outFeatures()));
  }

  private float[] linear(float[] x, Weight w, Tensor residual) {
    Tensor y = tensors.output(DType.F32, residual.size(0), w.outFeatures());
    backend.matmul().linear(y, tensors.of(x, residual.size(0), w.inFeatures()), w, residual);
    return tensors.read(y);
  }

  private float[] inputGradient(float[] dy, Weight w) {
    int n = dy.length / w.outFeatures();
    Tensor dx = tensors.output(DType.F32, n, w.inFeatures());
    backend.matmul().linearInputGradient(dx, tensors.of(dy, n, w.outFeatures()), w, false);
    return tensors.read(dx);
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16", "WEIGHT_ONLY"})
  void linear_everySizeAndBias_equalsTheReference(Form form) {
    if (!declared(form)) {
      return; // linear_undeclaredForm_throws has the other side
    }
    for (int[] size : SIZES) {
      for (boolean withBias : new boolean[] {false, true}) {
        float[] x = tensors.normal(size[0] * size[1], 1);
        FrozenWeightCase made = make(form, size[1], size[2], withBias);
        ExpectedProduct expected =
            ExpectedProduct.of(
                    (l, r) -> ReferenceMatmulOps.linear(l, r, size[0], size[1], size[2]),
                    widen(x),
                    made.values(),
                    size[1],
                    inputRounding(form))
                .plus(made.bias(), size[1]);
        Closeness.assertClose(
            form + " " + Arrays.toString(size) + " " + tensors,
            linear(x, made.weight()),
            expected.values(),
            expected.bounds());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void linear_residual_isAddedToTheProductItself(Form form) {
    if (!declared(form)) {
      return;
    }
    for (int[] size : SIZES) {
      for (boolean withBias : new boolean[] {false, true}) {
        Weight weight = make(form, size[1], size[2], withBias).weight();
        float[] residual = tensors.normal(size[0] * size[2], 3);
        for (float last : new float[] {1, 7}) { // without and with an outlier for LLM.int8()
          float[] x = tensors.normal(size[0] * size[1], 1);
          x[x.length - 1] = last;
          float[] expected = linear(x, weight);
          for (int i = 0; i < expected.length; i++) {
            expected[i] += residual[i];
          }
          Closeness.assertSameBits(
              form + " " + Arrays.toString(size) + " " + tensors,
              linear(x, weight, residual),
              expected);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void linear_residualThatIsNotAligned_hasTheSameBits(Form form) {
    if (!declared(form)) {
      return;
    }
    for (int n : new int[] {3, 130}) {
      Weight weight = make(form, 96, 64, true).weight();
      float[] x = tensors.normal(n * 96, 1);
      float[] residual = tensors.normal(n * 64, 3);
      float[] behindOne = new float[n * 64 + 1];
      System.arraycopy(residual, 0, behindOne, 1, n * 64);
      Tensor whole = tensors.of(behindOne, behindOne.length);
      Tensor apart = Tensor.at(whole.address() + Float.BYTES, DType.F32, Shape.of(n, 64));
      Closeness.assertSameBits(
          form + ", " + n + " rows", linear(x, weight, apart), linear(x, weight, residual));
    }
  }

  @ParameterizedTest
  @EnumSource
  void linear_undeclaredForm_throws(Form form) {
    Tensor y = tensors.output(DType.F32, 2, 3);
    Tensor x = tensors.of(tensors.normal(10, 1), 2, 5);
    if (declared(form)) {
      backend.matmul().linear(y, x, make(form, 5, 3, false).weight());
      assertThat(tensors.read(y)).doesNotContain(Float.NaN);
    } else {
      assertThatThrownBy(() -> backend.matmul().linear(y, x, make(form, 5, 3, false).weight()))
          .isInstanceOf(UnsupportedOpException.class);
    }
  }

  @ParameterizedTest
  @EnumSource
  void linearInputGradient_everySize_equalsTheReference(Form form) {
    if (!declared(form)) {
      return;
    }
    for (int[] size : SIZES) {
      float[] dy = tensors.normal(size[0] * size[2], 1);
      FrozenWeightCase made = make(form, size[1], size[2], true);
      ExpectedProduct expected =
          ExpectedProduct.of(
              (l, r) -> ReferenceMatmulOps.inputGradient(l, r, size[0], size[1], size[2]),
              widen(dy),
              made.values(),
              size[2],
              inputRounding(form));
      String what = form + " " + Arrays.toString(size) + " " + tensors;
      Closeness.assertClose(
          what, inputGradient(dy, made.weight()), expected.values(), expected.bounds());
      float[] present = tensors.normal(size[0] * size[1], 1);
      Tensor dx = tensors.of(present, size[0], size[1]);
      Tensor deviceDy = tensors.of(dy, size[0], size[2]);
      backend.matmul().linearInputGradient(dx, deviceDy, made.weight(), true);
      ExpectedProduct sum = expected.plus(widen(present), size[2]);
      Closeness.assertClose(what + " accumulated", tensors.read(dx), sum.values(), sum.bounds());
    }
  }

  @ParameterizedTest
  @EnumSource
  void panel_present_changesNoBit(Form form) {
    if (!declared(form)) {
      return;
    }
    for (int[] size : SIZES) {
      FrozenWeightCase made = make(form, size[1], size[2], true);
      long bytes = backend.matmul().panelBytes(made.weight());
      if (bytes == 0) {
        continue; // the backend has no use for one here
      }
      Weight panelled = made.weight().withPanel(tensors.output(DType.I8, bytes));
      backend.matmul().buildPanel(panelled);
      float[] x = tensors.normal(size[0] * size[1], 2);
      float[] dy = tensors.normal(size[0] * size[2], 1);
      Closeness.assertSameBits("y", linear(x, panelled), linear(x, made.weight()));
      Closeness.assertSameBits("dx", inputGradient(dy, panelled), inputGradient(dy, made.weight()));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16", "WEIGHT_ONLY"})
  void linear_aloneInABatchAndPermuted_hasTheSameBits(Form form) {
    if (!declared(form)) {
      return;
    }
    for (int[] size : new int[][] {{67, 45}, {1104, 300}}) {
      FrozenWeightCase made = make(form, size[0], size[1], true);
      assertRowsAreIndependent("y", size[0], size[1], x -> linear(x, made.weight()));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16", "WEIGHT_ONLY"})
  void linear_residualAloneInABatchAndPermuted_hasTheSameBits(Form form) {
    if (!declared(form)) {
      return;
    }
    for (int[] size : new int[][] {{67, 45}, {304, 300}}) {
      FrozenWeightCase made = make(form, size[0], size[1], true);
      int width = size[0] + size[1]; // inputs and residual side by side
      assertRowsAreIndependent(
          "y",
          width,
          size[1],
          rows ->
              linear(
                  columns(rows, width, 0, size[0]),
                  made.weight(),
                  columns(rows, width, size[0], width)));
    }
  }

  private static float[] columns(float[] rows, int width, int from, int to) {
    float[] part = new float[rows.length / width * (to - from)];
    for (int r = 0; r < rows.length / width; r++) {
      System.arraycopy(rows, r * width + from, part, r * (to - from), to - from);
    }
    return part;
  }

  @ParameterizedTest
  @EnumSource
  void linearInputGradient_aloneInABatchAndPermuted_hasTheSameBits(Form form) {
    if (!declared(form)) {
      return;
    }
    for (int[] size : new int[][] {{67, 45}, {304, 1100}}) {
      FrozenWeightCase made = make(form, size[0], size[1], true);
      assertRowsAreIndependent("dx", size[1], size[0], dy -> inputGradient(dy, made.weight()));
    }
  }

  /** Compares rows alone with the same rows at other places in batches of every count. */
  private void assertRowsAreIndependent(
      String what, int columns, int resultColumns, UnaryOperator<float[]> product) {
    int most = Arrays.stream(COUNTS).max().orElseThrow();
    float[] rows = tensors.normal(most * columns, 1);
    float[] alone = new float[most * resultColumns];
    for (int r = 0; r < most; r++) {
      System.arraycopy(
          product.apply(rowsOf(rows, columns, r, r + 1)),
          0,
          alone,
          r * resultColumns,
          resultColumns);
    }
    for (int n : COUNTS) {
      float[] last = rowsOf(rows, columns, most - n, most);
      float[] expected = rowsOf(alone, resultColumns, most - n, most);
      Closeness.assertSameBits(what + ", " + n + " rows", product.apply(last), expected);
      int[] order = tensors.permutation(n);
      Closeness.assertSameBits(
          what + " permuted, " + n + " rows",
          product.apply(permuted(last, columns, order)),
          permuted(expected, resultColumns, order));
    }
  }

  @Test
  void linear_llmInt8WithOutliers_equalsTheReference() {
    if (!declared(Form.LLM_INT8)) {
      return;
    }
    for (int[] size : SIZES) {
      int n = size[0];
      int inputs = size[1];
      float[] x = tensors.normal(n * inputs, 1);
      if (inputs > 10) {
        x[3] = 6f; // exactly the threshold: an outlier
        x[(n - 1) * inputs + 7] = -40f;
        x[5] = Math.nextDown(6f);
      }
      Arrays.fill(x, 0, n > 2 ? inputs : 0, 0f); // a row of zeros has no scale
      FrozenWeightCase made = make(Form.LLM_INT8, inputs, size[2], true);
      Int8Weight weight = (Int8Weight) made.weight();
      float[] absmax = tensors.read(weight.absmax());
      double[] expected =
          ReferenceMatmulOps.llmInt8(
              x, integers(weight), absmax, n, inputs, size[2], Int8Weight.OUTLIER_THRESHOLD);
      // Sums of integers are exact; a product of an outlier may be taken in 16 bit.
      double outliers =
          Math.max(
              StorageRounding.unit(DType.F16),
              StorageRounding.unit(backend.capabilities().matrixInputs()));
      double[] magnitudes = ExpectedProduct.magnitudes(made.values());
      double[] sums =
          ReferenceMatmulOps.linear(
              ExpectedProduct.magnitudes(widen(x)), magnitudes, n, inputs, size[2]);
      double[] ties =
          ReferenceMatmulOps.linear(
              ReferenceMatmulOps.llmInt8Ties(x, n, inputs, Int8Weight.OUTLIER_THRESHOLD),
              magnitudes,
              n,
              inputs,
              size[2]);
      double[] allowed = new double[sums.length];
      for (int i = 0; i < sums.length; i++) {
        expected[i] += made.bias()[i % size[2]];
        allowed[i] = (hasOutlier(x) ? outliers : 0x1p-20) * sums[i] + ties[i] + 1e-5;
      }
      Closeness.assertClose(
          Arrays.toString(size) + " " + tensors, linear(x, weight), expected, allowed);
    }
  }

  private static boolean hasOutlier(float[] x) {
    for (float value : x) {
      if (Math.abs(value) >= Int8Weight.OUTLIER_THRESHOLD) {
        return true;
      }
    }
    return false;
  }

  @Test
  void everyOperation_wrongShapes_nameTheArgument() {
    MatmulOps ops = backend.matmul();
    Weight w = DenseWeight.of(tensors.of(new float[15], 3, 5));
    Tensor x = tensors.of(new float[10], 2, 5);
    Tensor y = tensors.of(new float[6], 2, 3);
    assertThatThrownBy(() -> ops.linear(y, y, w))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("linear: expected x [N=2, I=5]");
    assertThatThrownBy(() -> ops.linear(x, x, w))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("linear: expected y [N=2, O=3]");
    assertThatThrownBy(() -> ops.linear(y, x, w, x))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("linear: expected residual [N=2, O=3]");
    assertThatThrownBy(() -> ops.linear(y, x, w, y))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("linear: expected residual as another tensor than y");
    assertThatThrownBy(() -> ops.linearInputGradient(y, y, w, false))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("linearInputGradient: expected dx [N=2, I=5]");
    assertThatThrownBy(() -> ops.buildPanel(w)).isInstanceOf(ShapeException.class);
  }
}
