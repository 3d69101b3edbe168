package dev.cantilever.backend.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.ReferenceActivationOps;
import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

/** Accuracy against double precision over dense grids, and equal bits in every form. */
class VectorMathTest {

  private static final int POINTS = 400_001;
  private static final float[] PAINFUL = {
    0f,
    -0f,
    1e-45f,
    -1e-45f,
    1e-38f,
    -1e-38f,
    88.72283f,
    88.72284f,
    -87.33654f,
    -87.33655f,
    -104f,
    1e30f,
    -1e30f,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.NaN,
    0.625f,
    -0.625f,
    14.5f,
    -14.5f,
    13.2f
  };

  /** One function of a vector. */
  private interface VectorForm {
    FloatVector of(FloatVector x);
  }

  /** One function of a float. */
  private interface ScalarForm {
    float of(float x);
  }

  @Test
  void exp_denseGrid_isWithinOneUlp() {
    assertThat(worstUlp(VectorMath::exp, Math::exp, -87.3, 88.7)).isLessThan(1.0);
  }

  @Test
  void sigmoid_denseGrid_isWithinThreeUlp() {
    assertThat(worstUlp(VectorMath::sigmoid, x -> 1 / (1 + Math.exp(-x)), -87, 87)).isLessThan(3.0);
  }

  @Test
  void tanh_denseGrid_isWithinTwoUlp() {
    assertThat(worstUlp(VectorMath::tanh, Math::tanh, -12, 12)).isLessThan(2.0);
    assertThat(worstUlp(VectorMath::tanh, Math::tanh, -0.01, 0.01)).isLessThan(2.0);
  }

  @Test
  void halfGaussian_denseGrid_isWithinTwoUlp() {
    assertThat(worstUlp(VectorMath::halfGaussian, x -> Math.exp(-x * x / 2), -13.1, 13.1))
        .isLessThan(2.0);
  }

  @Test
  void normalTail_denseGrid_isWithinSixUlp() {
    ScalarForm tail = x -> VectorMath.normalTail(x, VectorMath.halfGaussian(x));
    assertThat(worstUlp(tail, x -> ReferenceActivationOps.normalCdf(-x), 0, 12.8)).isLessThan(6.0);
  }

  @Test
  void exp_beyondTheFloats_isZeroInfinityOrNaN() {
    assertThat(VectorMath.exp(-87.4f)).isZero();
    assertThat(VectorMath.exp(Float.NEGATIVE_INFINITY)).isZero();
    assertThat(VectorMath.exp(88.73f)).isInfinite();
    assertThat(VectorMath.exp(Float.POSITIVE_INFINITY)).isInfinite();
    assertThat(VectorMath.exp(Float.NaN)).isNaN();
    assertThat(VectorMath.exp(0f)).isEqualTo(1f);
  }

  @Test
  void vectorForms_everyValue_haveTheBitsOfTheScalarForms() {
    assertSameBits(VectorMath::exp, VectorMath::exp);
    assertSameBits(VectorMath::sigmoid, VectorMath::sigmoid);
    assertSameBits(VectorMath::tanh, VectorMath::tanh);
    assertSameBits(VectorMath::halfGaussian, VectorMath::halfGaussian);
  }

  @Test
  void sums_everyLength_haveTheBitsOfSixteenLanes() {
    Random random = new Random(11);
    for (int count = 0; count < 100; count++) {
      float[] x = new float[count + 3];
      float[] y = new float[count + 3];
      float[] ones = new float[count + 3];
      Arrays.fill(ones, 1f);
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) random.nextGaussian();
        y[i] = (float) random.nextGaussian();
      }
      assertThat(VectorMath.sum(x, 3, count)).isEqualTo(lanes(x, ones, count));
      assertThat(VectorMath.dot(x, 3, y, 3, count)).isEqualTo(lanes(x, y, count));
    }
  }

  @Test
  void max_anyLength_findsTheLargestAndPropagatesNaN() {
    for (int count = 1; count < 70; count++) {
      float[] x = new float[count];
      for (int at = 0; at < count; at++) {
        Arrays.fill(x, -5f);
        x[at] = -1f;
        assertThat(VectorMath.max(x, 0, count)).isEqualTo(-1f);
        x[at] = Float.NaN;
        assertThat(VectorMath.max(x, 0, count)).isNaN();
      }
    }
  }

  private static float lanes(float[] x, float[] y, int count) {
    float[] lane = new float[16];
    for (int i = 0; i < count; i++) {
      lane[i % 16] = Math.fma(x[3 + i], y[3 + i], lane[i % 16]);
    }
    for (int half = 8; half > 0; half /= 2) {
      for (int l = 0; l < half; l++) {
        lane[l] += lane[l + half];
      }
    }
    return lane[0];
  }

  private static double worstUlp(ScalarForm f, DoubleUnaryOperator exact, double from, double to) {
    double worst = 0;
    for (int i = 0; i < POINTS; i++) {
      float x = (float) (from + (to - from) * i / (POINTS - 1));
      double truth = exact.applyAsDouble(x);
      worst = Math.max(worst, Math.abs(f.of(x) - truth) / Math.ulp((float) truth));
    }
    return worst;
  }

  private static void assertSameBits(VectorForm vector, ScalarForm scalar) {
    int width = VectorMath.FLOATS.length();
    Random random = new Random(5);
    float[] x = new float[40_000 / width * width];
    for (int i = 0; i < x.length; i++) {
      x[i] =
          i < PAINFUL.length ? PAINFUL[i] : (float) (random.nextGaussian() * (i % 2 == 0 ? 3 : 40));
    }
    float[] y = new float[x.length];
    for (int i = 0; i < x.length; i += width) {
      vector.of(FloatVector.fromArray(VectorMath.FLOATS, x, i)).intoArray(y, i);
    }
    for (int i = 0; i < x.length; i++) {
      assertThat(Float.floatToIntBits(y[i]))
          .as("f(%s)", x[i])
          .isEqualTo(Float.floatToIntBits(scalar.of(x[i])));
    }
  }
}
