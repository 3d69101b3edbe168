package dev.cantilever.backend.onednn;

import dev.cantilever.backend.Activation;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The activation functions and their derivatives over float arrays; an element's bits depend on its
 * value alone, as in {@link VectorMath}.
 *
 * <p>Largest errors over the real line, held by {@code VectorActivationsTest}: forward 8 ulp of the
 * result down to |y| = 1e-30 for the erf form of gelu, derivatives 1e-6 absolute.
 */
final class VectorActivations {

  private static final VectorSpecies<Float> S = VectorMath.FLOATS;

  /** 1/√(2π), the density at zero. */
  private static final float DENSITY = 0.3989422804f;

  /** 2√(2/π): gelu's tanh form is x·σ(2u) with u = √(2/π)(x + 0.044715x³). */
  private static final float TWICE_ROOT = 1.5957691216f;

  private static final float CUBIC = 0.044715f;

  /** Where the slope of the tanh form has long become 0 or 1 and its cubes are still finite. */
  private static final float FLAT = 30f;

  private VectorActivations() {}

  /** y[i] = f(x[i]) for the first {@code count} elements; y may be x. */
  static void forward(Activation f, float[] y, float[] x, int count) {
    switch (f) {
      case GELU -> gelu(y, x, count);
      case GELU_TANH -> geluTanh(y, x, count);
      case SILU -> silu(y, x, count);
      case RELU -> relu(y, x, count);
      case TANH -> tanh(y, x, count);
    }
  }

  /** dx[i] = dy[i]·f′(x[i]) for the first {@code count} elements; dx may be dy or x. */
  static void backward(Activation f, float[] dx, float[] dy, float[] x, int count) {
    switch (f) {
      case GELU -> geluBackward(dx, dy, x, count);
      case GELU_TANH -> geluTanhBackward(dx, dy, x, count);
      case SILU -> siluBackward(dx, dy, x, count);
      case RELU -> reluBackward(dx, dy, x, count);
      case TANH -> tanhBackward(dx, dy, x, count);
    }
  }

  private static void gelu(float[] y, float[] x, int count) {
    int i = 0;
    for (; i <= count - S.length(); i += S.length()) {
      FloatVector v = FloatVector.fromArray(S, x, i);
      v.mul(VectorMath.normalCdf(v, VectorMath.halfGaussian(v))).intoArray(y, i);
    }
    for (; i < count; i++) {
      y[i] = x[i] * VectorMath.normalCdf(x[i], VectorMath.halfGaussian(x[i]));
    }
  }

  private static void geluBackward(float[] dx, float[] dy, float[] x, int count) {
    int i = 0;
    for (; i <= count - S.length(); i += S.length()) {
      FloatVector v = FloatVector.fromArray(S, x, i);
      FloatVector e = VectorMath.halfGaussian(v);
      FloatVector slope = v.mul(DENSITY).fma(e, VectorMath.normalCdf(v, e));
      slope.mul(FloatVector.fromArray(S, dy, i)).intoArray(dx, i);
    }
    for (; i < count; i++) {
      float e = VectorMath.halfGaussian(x[i]);
      float slope = Math.fma(x[i] * DENSITY, e, VectorMath.normalCdf(x[i], e));
      dx[i] = slope * dy[i];
    }
  }

  /** 2u of one element, see {@link #TWICE_ROOT}. */
  private static float twiceU(float x) {
    return Math.fma(x * x, CUBIC, 1f) * (x * TWICE_ROOT);
  }

  private static FloatVector twiceU(FloatVector x) {
    return x.mul(x).fma(CUBIC, 1f).mul(x.mul(TWICE_ROOT));
  }

  private static void geluTanh(float[] y, float[] x, int count) {
    int i = 0;
    for (; i <= count - S.length(); i += S.length()) {
      FloatVector v = FloatVector.fromArray(S, x, i);
      v.mul(VectorMath.sigmoid(twiceU(v))).intoArray(y, i);
    }
    for (; i < count; i++) {
      y[i] = x[i] * VectorMath.sigmoid(twiceU(x[i]));
    }
  }

  private static void geluTanhBackward(float[] dx, float[] dy, float[] x, int count) {
    int i = 0;
    for (; i <= count - S.length(); i += S.length()) {
      FloatVector v = FloatVector.fromArray(S, x, i).max(-FLAT).min(FLAT);
      FloatVector sigma = VectorMath.sigmoid(twiceU(v));
      FloatVector inner = v.mul(v).fma(3 * CUBIC, 1f).mul(v.mul(TWICE_ROOT));
      FloatVector slope = sigma.mul(sigma.neg().add(1f)).fma(inner, sigma);
      slope.mul(FloatVector.fromArray(S, dy, i)).intoArray(dx, i);
    }
    for (; i < count; i++) {
      float v = Math.min(Math.max(x[i], -FLAT), FLAT);
      float sigma = VectorMath.sigmoid(twiceU(v));
      float inner = Math.fma(v * v, 3 * CUBIC, 1f) * (v * TWICE_ROOT);
      dx[i] = Math.fma(sigma * (-sigma + 1f), inner, sigma) * dy[i];
    }
  }

  private static void silu(float[] y, float[] x, int count) {
    int i = 0;
    for (; i <= count - S.length(); i += S.length()) {
      FloatVector v = FloatVector.fromArray(S, x, i);
      v.mul(VectorMath.sigmoid(v)).intoArray(y, i);
    }
    for (; i < count; i++) {
      y[i] = x[i] * VectorMath.sigmoid(x[i]);
    }
  }

  private static void siluBackward(float[] dx, float[] dy, float[] x, int count) {
    int i = 0;
    for (; i <= count - S.length(); i += S.length()) {
      FloatVector v = FloatVector.fromArray(S, x, i);
      FloatVector sigma = VectorMath.sigmoid(v);
      FloatVector slope = sigma.mul(sigma.neg().add(1f)).fma(v, sigma);
      slope.mul(FloatVector.fromArray(S, dy, i)).intoArray(dx, i);
    }
    for (; i < count; i++) {
      float sigma = VectorMath.sigmoid(x[i]);
      dx[i] = Math.fma(sigma * (-sigma + 1f), x[i], sigma) * dy[i];
    }
  }

  private static void relu(float[] y, float[] x, int count) {
    for (int i = 0; i < count; i++) {
      y[i] = Math.max(x[i], 0f);
    }
  }

  private static void reluBackward(float[] dx, float[] dy, float[] x, int count) {
    int i = 0;
    for (; i <= count - S.length(); i += S.length()) {
      FloatVector v = FloatVector.fromArray(S, x, i);
      FloatVector d = FloatVector.fromArray(S, dy, i);
      d.blend(0f, v.compare(VectorOperators.LE, 0f)).intoArray(dx, i);
    }
    for (; i < count; i++) {
      dx[i] = x[i] <= 0 ? 0 : dy[i];
    }
  }

  private static void tanh(float[] y, float[] x, int count) {
    int i = 0;
    for (; i <= count - S.length(); i += S.length()) {
      VectorMath.tanh(FloatVector.fromArray(S, x, i)).intoArray(y, i);
    }
    for (; i < count; i++) {
      y[i] = VectorMath.tanh(x[i]);
    }
  }

  private static void tanhBackward(float[] dx, float[] dy, float[] x, int count) {
    int i = 0;
    for (; i <= count - S.length(); i += S.length()) {
      FloatVector t = VectorMath.tanh(FloatVector.fromArray(S, x, i));
      t.neg()
          .fma(t, VectorMath.broadcast(1f))
          .mul(FloatVector.fromArray(S, dy, i))
          .intoArray(dx, i);
    }
    for (; i < count; i++) {
      float t = VectorMath.tanh(x[i]);
      dx[i] = Math.fma(-t, t, 1f) * dy[i];
    }
  }
}
