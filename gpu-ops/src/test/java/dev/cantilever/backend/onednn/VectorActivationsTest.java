package dev.cantilever.backend.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.Activation;
import dev.cantilever.backend.ReferenceActivationOps;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Accuracy over a dense grid and equal bits of vectors and tails. */
class VectorActivationsTest {

  /** Eight roundings of relative 2^-24 and the fit's 5e-8, doubled. */
  private static final double FORWARD_RELATIVE = 1e-6;

  /**
   * The slope of gelu's tanh form holds 1 − σ times up to 13, which magnifies the two roundings of
   * σ near one, 2^-24 each, to 1.6e-6; the other forms stay below a quarter of that.
   */
  private static final double BACKWARD_ABSOLUTE = 2e-6;

  @ParameterizedTest
  @EnumSource
  void forward_denseGrid_isRelativelyAccurate(Activation f) {
    float[] x = grid(-9, 9);
    float[] y = new float[x.length];
    VectorActivations.forward(f).run(y, x, x.length, new float[x.length]);
    for (int i = 0; i < x.length; i++) {
      double truth = ReferenceActivationOps.value(f, x[i]);
      // σ(2u) of the tanh form magnifies the rounding of 2u by |2u|, up to 70 here.
      double magnified = f == Activation.GELU_TANH && x[i] < -1 ? 70 : 1;
      assertThat(Math.abs(y[i] - truth))
          .as("%s(%s) = %s", f, x[i], truth)
          .isLessThanOrEqualTo(magnified * FORWARD_RELATIVE * Math.abs(truth) + 1e-37);
    }
  }

  @ParameterizedTest
  @EnumSource
  void backward_denseGrid_isAbsolutelyAccurate(Activation f) {
    float[] x = grid(-15, 15);
    float[] ones = new float[x.length];
    Arrays.fill(ones, 1f);
    float[] dx = new float[x.length];
    VectorActivations.backward(f).run(dx, ones, x, x.length, new float[x.length]);
    for (int i = 0; i < x.length; i++) {
      double truth = ReferenceActivationOps.slope(f, x[i]);
      assertThat(Math.abs(dx[i] - truth))
          .as("slope of %s at %s", f, x[i])
          .isLessThanOrEqualTo(BACKWARD_ABSOLUTE);
    }
  }

  @ParameterizedTest
  @EnumSource
  void hugeArguments_bothDirections_stayFiniteOrSaturate(Activation f) {
    float[] x = {1e30f, -1e30f, 1e18f, -1e18f, 3e38f};
    float[] ones = {1f, 1f, 1f, 1f, 1f};
    float[] y = new float[5];
    VectorActivations.forward(f).run(y, x, 5, new float[5]);
    float[] dx = new float[5];
    VectorActivations.backward(f).run(dx, ones, x, 5, new float[5]);
    float slope = f == Activation.TANH ? 0f : 1f;
    assertThat(dx).containsExactly(slope, 0f, slope, 0f, slope);
    if (f == Activation.TANH) {
      assertThat(y).containsExactly(1f, -1f, 1f, -1f, 1f);
    } else {
      assertThat(y).usingComparatorWithPrecision(0f).containsExactly(x[0], 0f, x[2], 0f, x[4]);
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyLength_bothDirections_hasTheBitsOfSingleElements(Activation f) {
    Random random = new Random(17);
    float[] x = new float[67];
    float[] dy = new float[67];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian() * 4;
      dy[i] = (float) random.nextGaussian();
    }
    for (int count = 1; count <= x.length; count++) {
      float[] y = new float[count];
      float[] dx = new float[count];
      VectorActivations.forward(f).run(y, x, count, new float[count]);
      VectorActivations.backward(f).run(dx, dy, x, count, new float[count]);
      for (int i = 0; i < count; i++) {
        float[] one = new float[1];
        VectorActivations.forward(f).run(one, new float[] {x[i]}, 1, new float[1]);
        assertThat(Float.floatToIntBits(y[i])).isEqualTo(Float.floatToIntBits(one[0]));
        VectorActivations.backward(f)
            .run(one, new float[] {dy[i]}, new float[] {x[i]}, 1, new float[1]);
        assertThat(Float.floatToIntBits(dx[i])).isEqualTo(Float.floatToIntBits(one[0]));
      }
    }
  }

  private static float[] grid(double from, double to) {
    float[] x = new float[100_001];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) (from + (to - from) * i / (x.length - 1));
    }
    return x;
  }
}
