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
 * result down to |y| = 1e-30 for the erf form of gelu, derivatives 2e-6 absolute.
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

  /** Takes all but the smallest floats beyond ±1, for a sign without a branch. */
  private static final float TO_SIGN = 1e30f;

  private VectorActivations() {}

  /*
   * Two loops each: the first writes the costly function (a Gaussian, a sigmoid, a tanh) to
   * scratch, which stays in the first cache, the second makes the result of it. Callers go through
   * an object and not through a switch: where the JIT inlines several of these loops into one
   * method it runs out of its budget half way, leaves vectors as objects, and is 20 times slower.
   */

  /** One activation function over an array. */
  @FunctionalInterface
  interface Forward {
    /**
     * y[i] = f(x[i]) for the first {@code count} elements.
     *
     * @param y may be x
     * @param scratch of at least {@code count} elements, overwritten
     */
    void run(float[] y, float[] x, int count, float[] scratch);
  }

  /** The derivative of one activation function over an array. */
  @FunctionalInterface
  interface Backward {
    /**
     * dx[i] = dy[i]·f′(x[i]) for the first {@code count} elements.
     *
     * @param dx may be dy or x
     * @param scratch of at least {@code count} elements, overwritten
     */
    void run(float[] dx, float[] dy, float[] x, int count, float[] scratch);
  }

  /** The function itself. */
  static Forward forward(Activation f) {
    return switch (f) {
      case GELU -> VectorActivations::gelu;
      case GELU_TANH -> VectorActivations::geluTanh;
      case SILU -> VectorActivations::silu;
      case RELU -> (y, x, count, scratch) -> relu(y, x, count);
      case TANH -> (y, x, count, scratch) -> VectorMath.tanh(y, x, count);
    };
  }

  /** Its derivative times a gradient. */
  static Backward backward(Activation f) {
    return switch (f) {
      case GELU -> VectorActivations::geluBackward;
      case GELU_TANH -> VectorActivations::geluTanhBackward;
      case SILU -> VectorActivations::siluBackward;
      case RELU -> (dx, dy, x, count, scratch) -> reluBackward(dx, dy, x, count);
      case TANH -> VectorActivations::tanhBackward;
    };
  }

  /** x·Φ(x) = max(x, 0) − |x|·Φ(−|x|), for either sign. */
  private static void gelu(float[] y, float[] x, int count, float[] gaussian) {
    VectorMath.halfGaussian(gaussian, x, count);
    for (int i = 0; i < count; i++) {
      float tail = VectorMath.normalTail(x[i], gaussian[i]);
      y[i] = Math.fma(-Math.abs(x[i]), tail, Math.max(x[i], 0f));
    }
  }

  /** Φ(x) + x·φ(x), with Φ(x) = ½ + sign(x)·(½ − Φ(−|x|)). */
  private static void geluBackward(float[] dx, float[] dy, float[] x, int count, float[] gaussian) {
    VectorMath.halfGaussian(gaussian, x, count);
    for (int i = 0; i < count; i++) {
      float half = 0.5f - VectorMath.normalTail(x[i], gaussian[i]);
      float sign = Math.max(Math.min(x[i] * TO_SIGN, 1f), -1f);
      dx[i] = Math.fma(x[i] * DENSITY, gaussian[i], Math.fma(sign, half, 0.5f)) * dy[i];
    }
  }

  private static void geluTanh(float[] y, float[] x, int count, float[] sigma) {
    sigmoidOfTwiceU(sigma, x, count);
    multiply(y, x, count, sigma);
  }

  private static void silu(float[] y, float[] x, int count, float[] sigma) {
    VectorMath.sigmoid(sigma, x, count);
    multiply(y, x, count, sigma);
  }

  private static void multiply(float[] y, float[] a, int count, float[] b) {
    for (int i = 0; i < count; i++) {
      y[i] = a[i] * b[i];
    }
  }

  private static void sigmoidOfTwiceU(float[] sigma, float[] x, int count) {
    for (int i = 0; i < count; i++) {
      sigma[i] = Math.fma(x[i] * x[i], CUBIC, 1f) * (x[i] * TWICE_ROOT);
    }
    VectorMath.sigmoid(sigma, sigma, count);
  }

  private static void geluTanhBackward(
      float[] dx, float[] dy, float[] x, int count, float[] sigma) {
    sigmoidOfTwiceU(sigma, x, count);
    for (int i = 0; i < count; i++) {
      float v = Math.min(Math.max(x[i], -FLAT), FLAT);
      float inner = Math.fma(v * v, 3 * CUBIC, 1f) * (v * TWICE_ROOT);
      dx[i] = Math.fma(sigma[i] * (1f - sigma[i]), inner, sigma[i]) * dy[i];
    }
  }

  private static void siluBackward(float[] dx, float[] dy, float[] x, int count, float[] sigma) {
    VectorMath.sigmoid(sigma, x, count);
    for (int i = 0; i < count; i++) {
      dx[i] = Math.fma(sigma[i] * (1f - sigma[i]), x[i], sigma[i]) * dy[i];
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

  private static void tanhBackward(float[] dx, float[] dy, float[] x, int count, float[] tanh) {
    VectorMath.tanh(tanh, x, count);
    for (int i = 0; i < count; i++) {
      dx[i] = Math.fma(-tanh[i], tanh[i], 1f) * dy[i];
    }
  }
}
