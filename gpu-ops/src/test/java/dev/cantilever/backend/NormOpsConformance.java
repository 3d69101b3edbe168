package dev.cantilever.backend;

import static dev.cantilever.backend.TestTensors.permuted;
import static dev.cantilever.backend.TestTensors.rowsOf;
import static dev.cantilever.backend.TestTensors.widen;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What every implementation of {@link NormOps} must do. */
public abstract class NormOpsConformance extends OpsConformance {

  private static final float EPS = 1e-5f;

  /** Normalised values up to 5, about ten roundings of 2^-24 each, with a factor of 3 to spare. */
  private static final double TOLERANCE = 1e-5;

  /** Central differences with h = 1e-2 of outputs of magnitude 1: 1e-7/h rounding and h² bias. */
  private static final double DIFFERENCE_TOLERANCE = 2e-3;

  @ParameterizedTest
  @CsvSource({
    "1,1", "1,2", "2,3", "3,15", "4,16", "5,17", "3,64", "7,129", "2,1000", "600,128", "3,6144",
    "2,8191", "2,8196", "1,16384"
  })
  void layerNorm_awkwardSizes_equalsTheReference(int n, int c) {
    float[] x = tensors.normal(n * c, 2);
    float[] gamma = tensors.normal(c, 1);
    float[] beta = tensors.normal(c, 1);
    Tensor y = tensors.output(DType.F32, n, c);
    backend
        .norm()
        .layerNorm(y, tensors.of(x, n, c), tensors.of(gamma, c), tensors.of(beta, c), EPS);
    double[] expected = ReferenceNormOps.layerNorm(widen(x), widen(gamma), widen(beta), c, EPS);
    // Two elements that differ little have a large 1/σ, which magnifies the roundings of x.
    Closeness.assertClose(
        "y " + tensors, tensors.read(y), expected, c <= 3 ? 1e-3 : TOLERANCE, 1e-5);
  }

  @ParameterizedTest
  @CsvSource({
    "1,1", "2,3", "3,16", "5,17", "7,129", "2,1000", "600,128", "3,6144", "2,8191", "2,8196",
    "1,16384"
  })
  void layerNormBackward_awkwardSizes_equalsTheReference(int n, int c) {
    float[] x = tensors.normal(n * c, 2);
    float[] dy = tensors.normal(n * c, 1);
    float[] gamma = tensors.normal(c, 1);
    Tensor dx = tensors.output(DType.F32, n, c);
    Tensor deviceDy = tensors.of(dy, n, c);
    Tensor deviceX = tensors.of(x, n, c);
    Tensor deviceGamma = tensors.of(gamma, c);
    backend.norm().layerNormBackward(dx, deviceDy, deviceX, deviceGamma, EPS, false);
    double[] expected =
        ReferenceNormOps.layerNormBackward(widen(dy), widen(x), widen(gamma), c, EPS);
    Closeness.assertClose(
        "dx " + tensors, tensors.read(dx), expected, c <= 3 ? 1e-3 : TOLERANCE, 1e-5);
    float[] once = tensors.read(dx);
    backend.norm().layerNormBackward(dx, deviceDy, deviceX, deviceGamma, EPS, true);
    float[] twice = tensors.read(dx);
    for (int i = 0; i < once.length; i++) {
      assertThat(twice[i]).isEqualTo(2 * once[i]);
    }
  }

  @Test
  void layerNormBackward_smallShape_equalsCentralDifferences() {
    int n = 2;
    int c = 6;
    float h = 1e-2f;
    float[] x = tensors.normal(n * c, 1);
    float[] dy = tensors.normal(n * c, 1);
    Tensor gamma = tensors.of(tensors.normal(c, 1), c);
    Tensor beta = tensors.of(tensors.normal(c, 1), c);
    Tensor dx = tensors.output(DType.F32, n, c);
    backend
        .norm()
        .layerNormBackward(dx, tensors.of(dy, n, c), tensors.of(x, n, c), gamma, EPS, false);
    double[] differences = new double[n * c];
    for (int i = 0; i < x.length; i++) {
      float[] up = x.clone();
      float[] down = x.clone();
      up[i] += h;
      down[i] -= h;
      double rise = product(dy, forward(up, n, c, gamma, beta));
      double fall = product(dy, forward(down, n, c, gamma, beta));
      differences[i] = (rise - fall) / ((double) up[i] - down[i]);
    }
    Closeness.assertClose(
        "dx " + tensors, tensors.read(dx), differences, DIFFERENCE_TOLERANCE, DIFFERENCE_TOLERANCE);
  }

  private float[] forward(float[] x, int n, int c, Tensor gamma, Tensor beta) {
    Tensor y = tensors.output(DType.F32, n, c);
    backend.norm().layerNorm(y, tensors.of(x, n, c), gamma, beta, EPS);
    return tensors.read(y);
  }

  private static double product(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  @Test
  void layerNorm_equalValues_yieldsBeta() {
    int c = 100;
    float[] x = new float[3 * c];
    Arrays.fill(x, 0, c, 0f);
    Arrays.fill(x, c, 2 * c, 0.1f);
    Arrays.fill(x, 2 * c, 3 * c, -12345.678f);
    float[] beta = tensors.normal(c, 1);
    float[] ones = new float[c];
    Arrays.fill(ones, 1f);
    float[] y = forward(x, 3, c, tensors.of(ones, c), tensors.of(beta, c));
    for (int r = 0; r < 3; r++) {
      Closeness.assertClose("row " + r, rowsOf(y, c, r, r + 1), widen(beta), 1e-6, 0);
    }
  }

  @Test
  void layerNorm_hugeOffsetAndHugeValues_staysAccurate() {
    int c = 96;
    float[] x = tensors.normal(2 * c, 1);
    for (int i = 0; i < c; i++) {
      x[i] = 4096 + x[i]; // the offset is 4096 deviations
      x[c + i] *= 1e15f;
    }
    float[] gamma = tensors.normal(c, 1);
    float[] beta = tensors.normal(c, 1);
    float[] y = forward(x, 2, c, tensors.of(gamma, c), tensors.of(beta, c));
    double[] expected = ReferenceNormOps.layerNorm(widen(x), widen(gamma), widen(beta), c, EPS);
    Closeness.assertClose("y " + tensors, y, expected, TOLERANCE, 1e-5);
  }

  @Test
  void layerNorm_outputIsInput_worksInPlace() {
    int c = 40;
    float[] x = tensors.normal(3 * c, 1);
    Tensor gamma = tensors.of(tensors.normal(c, 1), c);
    Tensor beta = tensors.of(tensors.normal(c, 1), c);
    float[] apart = forward(x, 3, c, gamma, beta);
    Tensor both = tensors.of(x, 3, c);
    backend.norm().layerNorm(both, both, gamma, beta, EPS);
    Closeness.assertSameBits("in place", tensors.read(both), apart);
  }

  @ParameterizedTest
  @CsvSource({"2,17", "5,128", "700,100"})
  void bothDirections_aloneInABatchAndPermuted_haveTheSameBits(int n, int c) {
    float[] x = tensors.normal(n * c, 3);
    float[] dy = tensors.normal(n * c, 1);
    Tensor gamma = tensors.of(tensors.normal(c, 1), c);
    Tensor beta = tensors.of(tensors.normal(c, 1), c);
    float[] y = forward(x, n, c, gamma, beta);
    float[] dx = backward(dy, x, n, c, gamma);
    Closeness.assertSameBits("again", forward(x, n, c, gamma, beta), y);
    int[] order = tensors.permutation(n);
    Closeness.assertSameBits(
        "y permuted", forward(permuted(x, c, order), n, c, gamma, beta), permuted(y, c, order));
    Closeness.assertSameBits(
        "dx permuted",
        backward(permuted(dy, c, order), permuted(x, c, order), n, c, gamma),
        permuted(dx, c, order));
    for (int r = 0; r < Math.min(n, 5); r++) {
      float[] row = rowsOf(x, c, r, r + 1);
      Closeness.assertSameBits("y alone", forward(row, 1, c, gamma, beta), rowsOf(y, c, r, r + 1));
      Closeness.assertSameBits(
          "dx alone", backward(rowsOf(dy, c, r, r + 1), row, 1, c, gamma), rowsOf(dx, c, r, r + 1));
    }
  }

  private float[] backward(float[] dy, float[] x, int n, int c, Tensor gamma) {
    Tensor dx = tensors.output(DType.F32, n, c);
    backend
        .norm()
        .layerNormBackward(dx, tensors.of(dy, n, c), tensors.of(x, n, c), gamma, EPS, false);
    return tensors.read(dx);
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void layerNorm_storageType_runsExactlyIfDeclared(DType type) {
    int c = 20;
    float[] x = tensors.normal(2 * c, 1);
    Tensor gamma = tensors.stored(type, tensors.normal(c, 1), c);
    Tensor beta = tensors.stored(type, tensors.normal(c, 1), c);
    if (backend.capabilities().weightTypes().contains(type)) {
      double[] expected =
          ReferenceNormOps.layerNorm(
              widen(x), widen(tensors.read(gamma)), widen(tensors.read(beta)), c, EPS);
      Closeness.assertClose("y", forward(x, 2, c, gamma, beta), expected, TOLERANCE, 1e-5);
    } else {
      assertThatThrownBy(() -> forward(x, 2, c, gamma, beta))
          .isInstanceOf(UnsupportedOpException.class);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1,1", "1,2", "2,3", "3,15", "4,16", "5,17", "3,64", "7,129", "2,1000", "600,128", "3,6144",
    "2,8191", "2,8196", "1,16384"
  })
  void rmsNorm_awkwardSizes_equalsTheReference(int n, int c) {
    float[] x = tensors.normal(n * c, 2);
    float[] gamma = tensors.normal(c, 1);
    float[] y = rms(x, n, c, tensors.of(gamma, c));
    double[] expected = ReferenceNormOps.rmsNorm(widen(x), widen(gamma), c, EPS);
    Closeness.assertClose("y " + tensors, y, expected, TOLERANCE, 1e-5);
  }

  @ParameterizedTest
  @CsvSource({
    "1,1", "2,3", "3,16", "5,17", "7,129", "2,1000", "600,128", "3,6144", "2,8191", "2,8196",
    "1,16384"
  })
  void rmsNormBackward_awkwardSizes_equalsTheReference(int n, int c) {
    float[] x = tensors.normal(n * c, 2);
    float[] dy = tensors.normal(n * c, 1);
    float[] gamma = tensors.normal(c, 1);
    Tensor dx = tensors.output(DType.F32, n, c);
    Tensor deviceDy = tensors.of(dy, n, c);
    Tensor deviceX = tensors.of(x, n, c);
    Tensor deviceGamma = tensors.of(gamma, c);
    backend.norm().rmsNormBackward(dx, deviceDy, deviceX, deviceGamma, EPS, false);
    double[] expected = ReferenceNormOps.rmsNormBackward(widen(dy), widen(x), widen(gamma), c, EPS);
    // A row of few elements may be near zero, where 1/√(mean(x²)) magnifies what cancels.
    Closeness.assertClose(
        "dx " + tensors, tensors.read(dx), expected, c <= 3 ? 1e-3 : TOLERANCE, 1e-5);
    float[] once = tensors.read(dx);
    backend.norm().rmsNormBackward(dx, deviceDy, deviceX, deviceGamma, EPS, true);
    float[] twice = tensors.read(dx);
    for (int i = 0; i < once.length; i++) {
      assertThat(twice[i]).isEqualTo(2 * once[i]);
    }
  }

  @Test
  void rmsNormBackward_smallShape_equalsCentralDifferences() {
    int n = 2;
    int c = 6;
    float h = 1e-2f;
    float[] x = tensors.normal(n * c, 1);
    float[] dy = tensors.normal(n * c, 1);
    Tensor gamma = tensors.of(tensors.normal(c, 1), c);
    float[] dx = rmsBackward(dy, x, n, c, gamma);
    double[] differences = new double[n * c];
    for (int i = 0; i < x.length; i++) {
      float[] up = x.clone();
      float[] down = x.clone();
      up[i] += h;
      down[i] -= h;
      double rise = product(dy, rms(up, n, c, gamma));
      double fall = product(dy, rms(down, n, c, gamma));
      differences[i] = (rise - fall) / ((double) up[i] - down[i]);
    }
    Closeness.assertClose(
        "dx " + tensors, dx, differences, DIFFERENCE_TOLERANCE, DIFFERENCE_TOLERANCE);
  }

  private float[] rms(float[] x, int n, int c, Tensor gamma) {
    Tensor y = tensors.output(DType.F32, n, c);
    backend.norm().rmsNorm(y, tensors.of(x, n, c), gamma, EPS);
    return tensors.read(y);
  }

  private float[] rmsBackward(float[] dy, float[] x, int n, int c, Tensor gamma) {
    Tensor dx = tensors.output(DType.F32, n, c);
    backend
        .norm()
        .rmsNormBackward(dx, tensors.of(dy, n, c), tensors.of(x, n, c), gamma, EPS, false);
    return tensors.read(dx);
  }

  @Test
  void rmsNorm_smallValues_epsilonIsInsideTheRoot() {
    float[] x = {1e-3f, -1e-3f, 1e-3f, 1e-3f};
    float[] y = rms(x, 1, 4, tensors.of(new float[] {1, 1, 1, 1}, 4));
    float expected = (float) (1e-3 / Math.sqrt(1e-6 + EPS));
    assertThat(y[0]).isCloseTo(expected, within(1e-6f));
    assertThat(rms(new float[4], 1, 4, tensors.of(new float[] {1, 2, 3, 4}, 4))).containsOnly(0f);
  }

  @Test
  void rmsNorm_outputIsInput_worksInPlace() {
    int c = 40;
    float[] x = tensors.normal(3 * c, 1);
    Tensor gamma = tensors.of(tensors.normal(c, 1), c);
    Tensor both = tensors.of(x, 3, c);
    backend.norm().rmsNorm(both, both, gamma, EPS);
    Closeness.assertSameBits("in place", tensors.read(both), rms(x, 3, c, gamma));
  }

  @ParameterizedTest
  @CsvSource({"2,17", "5,128", "700,100"})
  void rmsNormBothDirections_aloneInABatchAndPermuted_haveTheSameBits(int n, int c) {
    float[] x = tensors.normal(n * c, 3);
    float[] dy = tensors.normal(n * c, 1);
    Tensor gamma = tensors.of(tensors.normal(c, 1), c);
    float[] y = rms(x, n, c, gamma);
    float[] dx = rmsBackward(dy, x, n, c, gamma);
    int[] order = tensors.permutation(n);
    Closeness.assertSameBits(
        "y permuted", rms(permuted(x, c, order), n, c, gamma), permuted(y, c, order));
    Closeness.assertSameBits(
        "dx permuted",
        rmsBackward(permuted(dy, c, order), permuted(x, c, order), n, c, gamma),
        permuted(dx, c, order));
    for (int r = 0; r < Math.min(n, 5); r++) {
      float[] row = rowsOf(x, c, r, r + 1);
      Closeness.assertSameBits("y alone", rms(row, 1, c, gamma), rowsOf(y, c, r, r + 1));
      Closeness.assertSameBits(
          "dx alone",
          rmsBackward(rowsOf(dy, c, r, r + 1), row, 1, c, gamma),
          rowsOf(dx, c, r, r + 1));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void rmsNorm_storageType_runsExactlyIfDeclared(DType type) {
    int c = 20;
    float[] x = tensors.normal(2 * c, 1);
    Tensor gamma = tensors.stored(type, tensors.normal(c, 1), c);
    if (backend.capabilities().weightTypes().contains(type)) {
      double[] expected = ReferenceNormOps.rmsNorm(widen(x), widen(tensors.read(gamma)), c, EPS);
      Closeness.assertClose("y", rms(x, 2, c, gamma), expected, TOLERANCE, 1e-5);
    } else {
      assertThatThrownBy(() -> rms(x, 2, c, gamma)).isInstanceOf(UnsupportedOpException.class);
    }
  }

  @Test
  void bothDirections_wrongShapes_nameTheArgument() {
    Tensor x = tensors.of(new float[6], 2, 3);
    Tensor c3 = tensors.of(new float[3], 3);
    Tensor c2 = tensors.of(new float[2], 2);
    Tensor flat = tensors.of(new float[6], 6);
    NormOps norm = backend.norm();
    assertThatThrownBy(() -> norm.layerNorm(x, x, c2, c3, EPS))
        .isInstanceOf(ShapeException.class)
        .hasMessage("layerNorm: expected gamma [C=3] of [F32, F16, BF16], got F32[2]");
    assertThatThrownBy(() -> norm.layerNorm(flat, x, c3, c3, EPS))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("layerNorm: expected y [N=2, C=3]");
    assertThatThrownBy(() -> norm.layerNormBackward(x, flat, x, c3, EPS, false))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected dy [N=2, C=3]");
    assertThatThrownBy(() -> norm.rmsNorm(x, x, c2, EPS))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("rmsNorm: expected gamma [C=3]");
    assertThatThrownBy(() -> norm.rmsNormBackward(x, flat, x, c3, EPS, false))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected dy [N=2, C=3]");
  }
}
