package dev.cantilever.backend;

import static dev.cantilever.backend.TestTensors.permuted;
import static dev.cantilever.backend.TestTensors.rowsOf;
import static dev.cantilever.backend.TestTensors.widen;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What every implementation of {@link MatmulOps#project} and its gradients must do. */
public abstract class MatmulProjectConformance extends OpsConformance {

  private static final float ALPHA = 1.7f;

  /**
   * Sums of up to 1030 products of normal numbers: as many roundings, of either sign, of 2^-24 of
   * partial sums up to 100, so 2e-4 as a rule.
   */
  private static final double TOLERANCE = 5e-4;

  @ParameterizedTest
  @CsvSource({
    "1,1,1,0,1",
    "1,33,8,0,8",
    "5,16,3,2,7",
    "17,64,40,8,60",
    "70,8,130,1,131",
    "33,300,16,16,48",
    "130,257,72,5,80",
    "3,16,300,2,305",
    "33,1,513,4,520",
    "40,64,1030,0,1030",
    "34,300,257,5,264",
    "65,1025,5,0,5",
    "4301,16,8,0,8",
    "4301,40,8,4,16"
  })
  void project_columnsOfAWiderMatrix_equalsTheReference(
      int n, int inputs, int outputs, int column, int width) {
    float[] x = tensors.normal(n * inputs, 1);
    float[] p = tensors.normal(outputs * inputs, 1);
    float[] before = tensors.normal(n * width, 1);
    double[] product = ReferenceMatmulOps.linear(widen(x), widen(p), n, inputs, outputs);
    for (boolean accumulate : new boolean[] {false, true}) {
      double[] expected = widen(before);
      for (int i = 0; i < product.length; i++) {
        int at = i / outputs * width + column + i % outputs;
        expected[at] = (accumulate ? before[at] : 0) + ALPHA * product[i];
      }
      Closeness.assertClose(
          "seed and sizes: " + tensors,
          project(before, x, p, inputs, column, width, accumulate),
          expected,
          TOLERANCE,
          1e-5);
    }
  }

  private float[] project(
      float[] before, float[] x, float[] p, int inputs, int column, int width, boolean accumulate) {
    int n = x.length / inputs;
    Tensor y = tensors.of(before, n, width);
    Tensor matrix = tensors.of(p, p.length / inputs, inputs);
    backend.matmul().project(y, column, tensors.of(x, n, inputs), matrix, ALPHA, accumulate);
    return tensors.read(y);
  }

  @ParameterizedTest
  @CsvSource({
    "1,1,1,0,1",
    "1,33,8,0,8",
    "5,16,3,2,7",
    "17,64,40,8,60",
    "70,8,130,1,131",
    "33,300,16,16,48",
    "130,257,72,5,80",
    "3,16,300,2,305",
    "33,1,513,4,520",
    "40,64,1030,0,1030",
    "34,300,257,5,264",
    "65,1025,5,0,5",
    "4301,8,16,0,16",
    "4301,8,40,4,44"
  })
  void projectInputGradient_columnsOfAWiderMatrix_equalsTheReference(
      int n, int inputs, int outputs, int column, int width) {
    float[] dy = tensors.normal(n * width, 1);
    float[] p = tensors.normal(outputs * inputs, 1);
    float[] before = tensors.normal(n * inputs, 1);
    double[] product =
        ReferenceMatmulOps.inputGradient(
            columns(dy, column, outputs, width), widen(p), n, inputs, outputs);
    for (boolean accumulate : new boolean[] {false, true}) {
      double[] expected = new double[product.length];
      for (int i = 0; i < expected.length; i++) {
        expected[i] = (accumulate ? before[i] : 0) + ALPHA * product[i];
      }
      Closeness.assertClose(
          "seed and sizes: " + tensors,
          projectInputGradient(before, dy, p, inputs, column, width, accumulate),
          expected,
          TOLERANCE,
          1e-5);
    }
  }

  private float[] projectInputGradient(
      float[] before,
      float[] dy,
      float[] p,
      int inputs,
      int column,
      int width,
      boolean accumulate) {
    int n = dy.length / width;
    Tensor dx = tensors.of(before, n, inputs);
    Tensor matrix = tensors.of(p, p.length / inputs, inputs);
    backend
        .matmul()
        .projectInputGradient(dx, tensors.of(dy, n, width), column, matrix, ALPHA, accumulate);
    return tensors.read(dx);
  }

  private static double[] columns(float[] matrix, int column, int count, int width) {
    double[] part = new double[matrix.length / width * count];
    for (int i = 0; i < part.length; i++) {
      part[i] = matrix[i / count * width + column + i % count];
    }
    return part;
  }

  @ParameterizedTest
  @CsvSource({
    "1,1,0,1",
    "33,8,0,8",
    "16,3,2,7",
    "64,40,8,60",
    "8,130,1,131",
    "300,16,16,48",
    "130,257,3,261"
  })
  void projectWeightGradient_severalRows_equalsTheReference(
      int inputs, int outputs, int column, int width) {
    int[] lengths = {3, 1, 9, 20};
    int n = 33;
    float[] dy = tensors.normal(n * width, 1);
    float[] x = tensors.normal(n * inputs, 1);
    float[] before = tensors.normal(outputs * inputs, 1);
    double[] expected =
        ReferenceMatmulOps.weightGradient(
            columns(dy, column, outputs, width), widen(x), n, inputs, outputs);
    for (int i = 0; i < expected.length; i++) {
      expected[i] = before[i] + ALPHA * expected[i];
    }
    Tensor dp = tensors.of(before, outputs, inputs);
    addWeightGradient(dp, dy, column, width, x, inputs, lengths);
    Closeness.assertClose("dp " + tensors, tensors.read(dp), expected, TOLERANCE, 1e-5);
  }

  private void addWeightGradient(
      Tensor dp, float[] dy, int column, int width, float[] x, int inputs, int... lengths) {
    PackedRows rows = tensors.rows(lengths);
    int n = rows.tokens();
    backend
        .matmul()
        .projectWeightGradient(
            dp, tensors.of(dy, n, width), column, tensors.of(x, n, inputs), ALPHA, rows);
  }

  @Test
  void projectWeightGradient_batchSplitBetweenRows_continuesTheSameSum() {
    int inputs = 37;
    int outputs = 21;
    int[] lengths = {3, 1, 9, 20, 2};
    int n = 35;
    float[] dy = tensors.normal(n * outputs, 1);
    float[] x = tensors.normal(n * inputs, 1);
    Tensor together = tensors.of(new float[outputs * inputs], outputs, inputs);
    addWeightGradient(together, dy, 0, outputs, x, inputs, lengths);
    for (int split = 1; split < lengths.length; split++) {
      int[] head = Arrays.copyOf(lengths, split);
      int[] tail = Arrays.copyOfRange(lengths, split, lengths.length);
      int at = Arrays.stream(head).sum();
      Tensor apart = tensors.of(new float[outputs * inputs], outputs, inputs);
      addWeightGradient(
          apart, rowsOf(dy, outputs, 0, at), 0, outputs, rowsOf(x, inputs, 0, at), inputs, head);
      addWeightGradient(
          apart, rowsOf(dy, outputs, at, n), 0, outputs, rowsOf(x, inputs, at, n), inputs, tail);
      Closeness.assertSameBits(
          "split before row " + split, tensors.read(apart), tensors.read(together));
    }
  }

  @Test
  void bothDirections_aloneInABatchAndPermuted_haveTheSameBits() {
    for (int n : new int[] {2, 3, 7, 16, 33, 50, 65}) {
      assertRowsAreIndependent(n, 67, 24);
      assertRowsAreIndependent(n, 600, 24);
      assertRowsAreIndependent(n, 16, 600);
    }
  }

  private void assertRowsAreIndependent(int n, int inputs, int outputs) {
    float[] p = tensors.normal(outputs * inputs, 1);
    float[] x = tensors.normal(n * inputs, 1);
    float[] dy = tensors.normal(n * outputs, 1);
    float[] y = project(new float[n * outputs], x, p, inputs, 0, outputs, false);
    float[] dx = projectInputGradient(new float[n * inputs], dy, p, inputs, 0, outputs, false);
    int[] order = tensors.permutation(n);
    Closeness.assertSameBits(
        "y permuted",
        project(new float[n * outputs], permuted(x, inputs, order), p, inputs, 0, outputs, false),
        permuted(y, outputs, order));
    for (int r = 0; r < n; r++) {
      Closeness.assertSameBits(
          "y alone",
          project(new float[outputs], rowsOf(x, inputs, r, r + 1), p, inputs, 0, outputs, false),
          rowsOf(y, outputs, r, r + 1));
      Closeness.assertSameBits(
          "dx alone",
          projectInputGradient(
              new float[inputs], rowsOf(dy, outputs, r, r + 1), p, inputs, 0, outputs, false),
          rowsOf(dx, inputs, r, r + 1));
    }
  }

  @Test
  void everyOperation_wrongShapes_nameTheArgument() {
    MatmulOps ops = backend.matmul();
    Tensor p = tensors.of(new float[6], 2, 3);
    Tensor x = tensors.of(new float[12], 4, 3);
    Tensor y = tensors.output(DType.F32, 4, 3);
    assertThatThrownBy(() -> ops.project(y, 2, x, p, 1, false))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected y [N=4, at least 2+2]");
    assertThatThrownBy(() -> ops.projectInputGradient(p, y, 0, p, 1, false))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected dy [N=2");
    assertThatThrownBy(() -> ops.projectWeightGradient(p, y, 0, x, 1, tensors.rows(2, 3)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected x [N=5, I=3]");
  }
}
