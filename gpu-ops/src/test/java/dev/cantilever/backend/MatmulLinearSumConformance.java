package dev.cantilever.backend;

import static dev.cantilever.backend.TestTensors.permuted;
import static dev.cantilever.backend.TestTensors.rowsOf;
import static dev.cantilever.backend.TestTensors.widen;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.FrozenWeightCase.Form;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every implementation of {@link MatmulOps#linearSum} must do. */
public abstract class MatmulLinearSumConformance extends OpsConformance {

  /**
   * Tokens, inputs of the first and the second, outputs: few and many tokens; inner dimensions that
   * are no multiples of a tile; cuts among blocks that end where the second part begins, before and
   * behind; more tiles of outputs than a card has multiprocessors for.
   */
  private static final int[][] SIZES = {
    {1, 1, 1, 1},
    {3, 5, 9, 7},
    {5, 96, 264, 520},
    {33, 512, 2048, 264},
    {7, 640, 2100, 300},
    {64, 2100, 640, 40},
    {2, 200, 136, 17_001},
    {161, 640, 1100, 40},
    {400, 136, 264, 264}
  };

  private static final int[] COUNTS = {1, 7, 8, 9, 32, 33, 64, 65, 130, 161};

  /** Roundings of a sum beyond those of one chain: scales, biases, residual. */
  private static final int MORE_ROUNDINGS = 6;

  private record Pair(FrozenWeightCase first, FrozenWeightCase second) {

    /** The weights side by side, [O, I₁ + I₂]. */
    double[] values() {
      return sideBySide(
          first.values(),
          first.weight().inFeatures(),
          second.values(),
          second.weight().inFeatures());
    }

    int inputs() {
      return first.weight().inFeatures() + second.weight().inFeatures();
    }
  }

  private Pair pair(Form first, Form second, int[] size, boolean withBias) {
    return new Pair(
        FrozenWeightCase.random(backend, tensors, first, size[1], size[3], withBias),
        FrozenWeightCase.random(backend, tensors, second, size[2], size[3], withBias));
  }

  private static double[] sideBySide(double[] left, int leftWidth, double[] right, int rightWidth) {
    int rows = left.length / leftWidth;
    int width = leftWidth + rightWidth;
    double[] joined = new double[rows * width];
    for (int row = 0; row < rows; row++) {
      System.arraycopy(left, row * leftWidth, joined, row * width, leftWidth);
      System.arraycopy(right, row * rightWidth, joined, row * width + leftWidth, rightWidth);
    }
    return joined;
  }

  private float[] linearSum(float[] x1, Weight w1, float[] x2, Weight w2, float[] residual) {
    int n = x1.length / w1.inFeatures();
    Tensor y = tensors.output(DType.F32, n, w1.outFeatures());
    backend
        .matmul()
        .linearSum(
            y,
            new LinearTerm(tensors.of(x1, n, w1.inFeatures()), w1),
            new LinearTerm(tensors.of(x2, n, w2.inFeatures()), w2),
            tensors.of(residual, n, w1.outFeatures()));
    return tensors.read(y);
  }

  private void assertEqualsTheReference(Pair pair, Form form, int[] size) {
    float[] x1 = tensors.normal(size[0] * size[1], 1);
    float[] x2 = tensors.normal(size[0] * size[2], 1);
    float[] residual = tensors.normal(size[0] * size[3], 3);
    int terms = pair.inputs() + MORE_ROUNDINGS;
    ExpectedProduct expected =
        ExpectedProduct.of(
                (l, r) -> ReferenceMatmulOps.linear(l, r, size[0], pair.inputs(), size[3]),
                sideBySide(widen(x1), size[1], widen(x2), size[2]),
                pair.values(),
                terms,
                form.inputRounding(backend))
            .plus(pair.first().bias(), terms)
            .plus(pair.second().bias(), terms)
            .plus(widen(residual), terms);
    Closeness.assertClose(
        form + " " + Arrays.toString(size) + " " + tensors,
        linearSum(x1, pair.first().weight(), x2, pair.second().weight(), residual),
        expected.values(),
        expected.bounds());
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16", "WEIGHT_ONLY"})
  void linearSum_everySizeAndBias_equalsTheReference(Form form) {
    if (!form.declaredBy(backend)) {
      return; // MatmulOpsConformance has the other side
    }
    for (int[] size : SIZES) {
      assertEqualsTheReference(form, size);
    }
  }

  /**
   * Compares with the reference, without a bias and with one.
   *
   * @param size as in {@link #SIZES}
   */
  protected final void assertEqualsTheReference(Form form, int... size) {
    for (boolean withBias : new boolean[] {false, true}) {
      assertEqualsTheReference(pair(form, form, size, withBias), form, size);
    }
  }

  @Test
  void linearSum_weightsOfTwoForms_equalsTheReference() {
    int[] size = {9, 96, 200, 130};
    assertEqualsTheReference(pair(Form.WEIGHT_ONLY, Form.BF16, size, true), Form.WEIGHT_ONLY, size);
    assertEqualsTheReference(pair(Form.BF16, Form.WEIGHT_ONLY, size, true), Form.WEIGHT_ONLY, size);
  }

  @Test
  void linearSum_llmInt8_throws() {
    int[] size = {2, 3, 4, 5};
    Pair pair = pair(Form.WEIGHT_ONLY, Form.LLM_INT8, size, false);
    assertThatThrownBy(
            () ->
                linearSum(
                    new float[6],
                    pair.first().weight(),
                    new float[8],
                    pair.second().weight(),
                    new float[10]))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("got LLM_INT8");
  }

  @Test
  void linearSum_rowsOfVeryDifferentScales_equalsTheReference() {
    int outputs = 40;
    for (int[] size : new int[][] {{5, 640, 2100, outputs}, {200, 96, 264, outputs}}) {
      float[] first = tensors.normal(outputs * size[1], 0.5);
      float[] second = tensors.normal(outputs * size[2], 0.5);
      float[] scales = {0, 1e-42f, 1e-30f, 1e-20f, 1, 1e20f};
      for (int output = 0; output < scales.length * scales.length; output++) {
        scale(first, output, size[1], scales[output / scales.length]);
        scale(second, output, size[2], scales[output % scales.length]);
      }
      Pair pair = new Pair(int8(first, outputs, size[1]), int8(second, outputs, size[2]));
      assertEqualsTheReference(pair, Form.WEIGHT_ONLY, size);
    }
  }

  private static void scale(float[] matrix, int row, int columns, float factor) {
    for (int i = row * columns; i < (row + 1) * columns; i++) {
      matrix[i] *= factor;
    }
  }

  private FrozenWeightCase int8(float[] values, int outputs, int inputs) {
    return FrozenWeightCase.of(
        backend,
        tensors,
        tensors.of(values, outputs, inputs),
        Int8Mode.WEIGHT_ONLY,
        Optional.empty());
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16", "WEIGHT_ONLY"})
  void linearSum_aloneInABatchAndPermuted_hasTheSameBits(Form form) {
    if (!form.declaredBy(backend)) {
      return;
    }
    int[] size = {COUNTS[COUNTS.length - 1], 328, 1104, 300};
    Pair pair = pair(form, form, size, true);
    float[] x1 = tensors.normal(size[0] * size[1], 1);
    float[] x2 = tensors.normal(size[0] * size[2], 1);
    float[] residual = tensors.normal(size[0] * size[3], 1);
    float[] all = linearSum(x1, pair.first().weight(), x2, pair.second().weight(), residual);
    for (int count : COUNTS) {
      int from = size[0] - count;
      Closeness.assertSameBits(
          form + ", the last " + count + " of " + size[0],
          linearSum(
              rowsOf(x1, size[1], from, size[0]),
              pair.first().weight(),
              rowsOf(x2, size[2], from, size[0]),
              pair.second().weight(),
              rowsOf(residual, size[3], from, size[0])),
          rowsOf(all, size[3], from, size[0]));
    }
    int[] reversed = IntStream.range(0, size[0]).map(row -> size[0] - 1 - row).toArray();
    Closeness.assertSameBits(
        form + ", reversed",
        linearSum(
            permuted(x1, size[1], reversed),
            pair.first().weight(),
            permuted(x2, size[2], reversed),
            pair.second().weight(),
            permuted(residual, size[3], reversed)),
        permuted(all, size[3], reversed));
  }

  @Test
  void linearSum_shapesThatDoNotFit_throws() {
    int[] size = {2, 3, 4, 5};
    Pair pair = pair(Form.WEIGHT_ONLY, Form.WEIGHT_ONLY, size, false);
    Tensor y = tensors.of(new float[10], 2, 5);
    LinearTerm first = new LinearTerm(tensors.of(new float[6], 2, 3), pair.first().weight());
    LinearTerm second = new LinearTerm(tensors.of(new float[8], 2, 4), pair.second().weight());
    LinearTerm narrow = new LinearTerm(first.x(), second.w());
    Tensor residual = tensors.of(new float[10], 2, 5);
    Tensor shorter = tensors.of(new float[5], 1, 5);
    MatmulOps ops = backend.matmul();
    assertThatThrownBy(() -> ops.linearSum(y, first, narrow, residual))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("linearSum: expected x [N=2, I=4]");
    assertThatThrownBy(() -> ops.linearSum(y, first, second, shorter))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected residual [N=2, O=5]");
    assertThatThrownBy(() -> ops.linearSum(y, first, second, y))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("another tensor than y");
  }
}
