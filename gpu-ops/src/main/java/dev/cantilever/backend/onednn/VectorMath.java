package dev.cantilever.backend.onednn;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Elementary functions and sums over ranges of float arrays, for all op families of this backend.
 *
 * <p>Every function exists twice, for a vector and for one float, as the same chain of correctly
 * rounded operations: an element's bits depend on its value alone, never on its place, the width of
 * the machine's vectors, or whether the JIT has compiled the code. That is why {@link Math#exp} is
 * not used: the interpreter and the JIT may round it differently.
 *
 * <p>Sums run over {@value #LANES} virtual lanes, lane l adding the elements l, l + 16, l + 32, ...
 * in order, and the lanes are folded in halves: 16 to 8 to 4 to 2 to 1. A narrower machine walks
 * the same lanes in several passes.
 *
 * <p>Errors are worst cases over dense grids, held by {@code VectorMathTest}.
 */
final class VectorMath {

  /** Virtual lanes of every sum. */
  static final int LANES = 16;

  static final VectorSpecies<Float> FLOATS =
      FloatVector.SPECIES_PREFERRED.length() <= LANES
          ? FloatVector.SPECIES_PREFERRED
          : FloatVector.SPECIES_512;

  /*
   * exp(x) = 2^n · e^r with n = round(x/ln 2), |r| ≤ ln(2)/2. Adding 1.5·2^23 rounds to an integer
   * and leaves it in the low bits of the sum, which a shift moves to the exponent; the result's
   * exponent is then corrected by an integer addition. e^r = 1 + r(1 + r·q(r)), q a near-minimax
   * polynomial of degree 4 (Chebyshev interpolation of (e^r − 1 − r)/r², own fit), whose error is
   * below 1e-8 relative.
   */
  private static final float LOG2_E = 0x1.715476p+0f;
  private static final float LN2_HIGH = 0x1.62e43p-1f;
  private static final float LN2_LOW = -0x1.05c61p-29f;
  private static final float TO_INTEGER = 0x1.8p23f;
  private static final float E4 = 0x1.6d11fep-10f;
  private static final float E3 = 0x1.120c62p-7f;
  private static final float E2 = 0x1.555518p-5f;
  private static final float E1 = 0x1.5554dcp-3f;
  private static final float E0 = 0.5f;

  /** Largest argument whose exponential is finite. */
  private static final float EXP_MAX = 88.72283f;

  /** Smallest argument whose exponential is normal; below it the result is zero. */
  private static final float EXP_MIN = -87.33654f;

  /*
   * Φ(−u) = e^(−u²/2)·t·p(t) with t = 1/(1 + 0.35u), u ≥ 0, p of degree 8: relative error of the
   * fit below 5e-8 for u ≤ 14.5, where the value has long left the floats. u² is split into its
   * float and the remainder, which enters as a factor, or the exponential would lose u²/2 ulp.
   */
  private static final float TAIL_SCALE = 0.35f;
  private static final float TAIL_MAX = 14.5f;
  private static final float T8 = -0.0297322752f;
  private static final float T7 = 0.146783989f;
  private static final float T6 = -0.261410564f;
  private static final float T5 = 0.1655102f;
  private static final float T4 = -0.0273219282f;
  private static final float T3 = 0.107212507f;
  private static final float T2 = 0.11942509f;
  private static final float T1 = 0.139914332f;
  private static final float T0 = 0.139618633f;

  /*
   * tanh(x) = x + x³·h(x²) below 0.625 (own fit, error below 2e-8), else 1 − 2/(e^(2x) + 1).
   */
  private static final float TANH_SMALL = 0.625f;
  private static final float H4 = -0.00609464132f;
  private static final float H3 = 0.0209957539f;
  private static final float H2 = -0.0538506091f;
  private static final float H1 = 0.133327678f;
  private static final float H0 = -0.333333289f;

  private VectorMath() {}

  /**
   * e^x to within 1 ulp; a result below the smallest normal float is zero, one above the largest is
   * infinite, and NaN stays NaN.
   */
  static float exp(float x) {
    if (Float.isNaN(x)) {
      return x;
    }
    if (x < EXP_MIN) {
      return 0;
    }
    if (x > EXP_MAX) {
      return Float.POSITIVE_INFINITY;
    }
    float t = Math.fma(x, LOG2_E, TO_INTEGER);
    float n = t - TO_INTEGER;
    float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x));
    float q = Math.fma(Math.fma(Math.fma(Math.fma(E4, r, E3), r, E2), r, E1), r, E0);
    float p = Math.fma(Math.fma(q, r, 1f), r, 1f);
    return Float.intBitsToFloat(Float.floatToRawIntBits(p) + (Float.floatToRawIntBits(t) << 23));
  }

  /** {@link #exp(float)} of each lane. */
  static FloatVector exp(FloatVector x) {
    FloatVector t = x.fma(LOG2_E, TO_INTEGER);
    FloatVector n = t.sub(TO_INTEGER);
    FloatVector r = n.fma(broadcast(-LN2_HIGH), x);
    r = n.fma(broadcast(-LN2_LOW), r);
    FloatVector q = broadcast(E4).fma(r, broadcast(E3));
    q = q.fma(r, broadcast(E2)).fma(r, broadcast(E1)).fma(r, broadcast(E0));
    FloatVector p = q.fma(r, broadcast(1f)).fma(r, broadcast(1f));
    IntVector exponent = t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    FloatVector y = p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
    y = y.blend(0f, x.compare(VectorOperators.LT, EXP_MIN));
    y = y.blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.GT, EXP_MAX));
    return y.blend(x, x.compare(VectorOperators.NE, x));
  }

  /** 1/(1 + e^−x) to within 3 ulp. */
  static float sigmoid(float x) {
    return 1f / (1f + exp(-x));
  }

  /** {@link #sigmoid(float)} of each lane. */
  static FloatVector sigmoid(FloatVector x) {
    return broadcast(1f).div(exp(x.neg()).add(1f));
  }

  /** Hyperbolic tangent to within 2 ulp. */
  static float tanh(float x) {
    float a = Math.abs(x);
    if (a < TANH_SMALL) {
      float s = x * x;
      float h = Math.fma(Math.fma(Math.fma(Math.fma(H4, s, H3), s, H2), s, H1), s, H0);
      return Math.fma(h * s, x, x);
    }
    float large = 1f - 2f / (exp(a + a) + 1f);
    return x < 0 ? -large : large;
  }

  /** {@link #tanh(float)} of each lane. */
  static FloatVector tanh(FloatVector x) {
    FloatVector a = x.abs();
    FloatVector s = x.mul(x);
    FloatVector h = broadcast(H4).fma(s, broadcast(H3)).fma(s, broadcast(H2));
    h = h.fma(s, broadcast(H1)).fma(s, broadcast(H0));
    FloatVector small = h.mul(s).fma(x, x);
    FloatVector large = broadcast(1f).sub(broadcast(2f).div(exp(a.add(a)).add(1f)));
    large = large.blend(large.neg(), x.compare(VectorOperators.LT, 0f));
    VectorMask<Float> isSmall = a.compare(VectorOperators.LT, TANH_SMALL);
    return large.blend(small, isSmall);
  }

  /** e^(−x²/2) to within 2 ulp, zero beyond |x| = 13.2. */
  static float halfGaussian(float x) {
    float u = Math.min(Math.abs(x), TAIL_MAX);
    float square = u * u;
    float rest = Math.fma(u, u, -square);
    float e = exp(-0.5f * square);
    return Math.fma(e, -0.5f * rest, e);
  }

  /** {@link #halfGaussian(float)} of each lane. */
  static FloatVector halfGaussian(FloatVector x) {
    FloatVector u = x.abs().min(TAIL_MAX);
    FloatVector square = u.mul(u);
    FloatVector rest = u.fma(u, square.neg());
    FloatVector e = exp(square.mul(-0.5f));
    return e.fma(rest.mul(-0.5f), e);
  }

  /**
   * The normal distribution's tail Φ(−|x|) = ½erfc(|x|/√2), given e^(−x²/2); to within 6 ulp. Plain
   * arithmetic without branches, so that a loop over it is vectorised by the JIT itself.
   */
  static float normalTail(float x, float halfGaussian) {
    float u = Math.min(Math.abs(x), TAIL_MAX);
    float t = 1f / Math.fma(TAIL_SCALE, u, 1f);
    float p = Math.fma(Math.fma(Math.fma(Math.fma(T8, t, T7), t, T6), t, T5), t, T4);
    p = Math.fma(Math.fma(Math.fma(Math.fma(p, t, T3), t, T2), t, T1), t, T0);
    return p * t * halfGaussian;
  }

  static FloatVector broadcast(float value) {
    return FloatVector.broadcast(FLOATS, value);
  }

  /** y[i] = exp(x[i]) over {@code count} elements. */
  static void exp(float[] y, int yAt, float[] x, int xAt, int count) {
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      exp(FloatVector.fromArray(FLOATS, x, xAt + i)).intoArray(y, yAt + i);
    }
    for (; i < count; i++) {
      y[yAt + i] = exp(x[xAt + i]);
    }
  }

  /** y[i] = sigmoid(x[i]) over the first {@code count} elements; y may be x. */
  static void sigmoid(float[] y, float[] x, int count) {
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      sigmoid(FloatVector.fromArray(FLOATS, x, i)).intoArray(y, i);
    }
    for (; i < count; i++) {
      y[i] = sigmoid(x[i]);
    }
  }

  /** y[i] = tanh(x[i]) over the first {@code count} elements; y may be x. */
  static void tanh(float[] y, float[] x, int count) {
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      tanh(FloatVector.fromArray(FLOATS, x, i)).intoArray(y, i);
    }
    for (; i < count; i++) {
      y[i] = tanh(x[i]);
    }
  }

  /** cap·tanh(x/cap), or x where it is not finite. */
  static float softcap(float x, float cap) {
    return Float.isFinite(x) ? cap * tanh(x / cap) : x;
  }

  /**
   * y[i] = {@link #softcap(float, float)} of x[i] over the first {@code count} elements; y may be
   * x.
   */
  static void softcap(float[] y, float[] x, int count, float cap) {
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, i);
      VectorMask<Float> finite = v.abs().compare(VectorOperators.LE, Float.MAX_VALUE);
      v.blend(tanh(v.div(cap)).mul(cap), finite).intoArray(y, i);
    }
    for (; i < count; i++) {
      y[i] = softcap(x[i], cap);
    }
  }

  /** y[i] = halfGaussian(x[i]) over the first {@code count} elements; y may be x. */
  static void halfGaussian(float[] y, float[] x, int count) {
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      halfGaussian(FloatVector.fromArray(FLOATS, x, i)).intoArray(y, i);
    }
    for (; i < count; i++) {
      y[i] = halfGaussian(x[i]);
    }
  }

  /**
   * y[i] = exp((x[i] − shift)·scale), the numerators of a softmax when the shift is the maximum.
   *
   * @return the sum of y, in {@value #LANES} lanes
   */
  static float expSum(float[] y, int yAt, float[] x, int xAt, int count, float shift, float scale) {
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      exp(FloatVector.fromArray(FLOATS, x, xAt + i).sub(shift).mul(scale)).intoArray(y, yAt + i);
    }
    for (; i < count; i++) {
      y[yAt + i] = exp((x[xAt + i] - shift) * scale);
    }
    return sum(y, yAt, count);
  }

  /** The largest of {@code count} elements, at least one; NaN if one is NaN. */
  static float max(float[] x, int at, int count) {
    float max = x[at];
    int i = 0;
    if (count >= FLOATS.length()) {
      FloatVector lanes = FloatVector.fromArray(FLOATS, x, at);
      for (i = FLOATS.length(); i <= count - FLOATS.length(); i += FLOATS.length()) {
        lanes = lanes.max(FloatVector.fromArray(FLOATS, x, at + i));
      }
      max = lanes.reduceLanes(VectorOperators.MAX); // exact, so its order does not matter
    }
    for (; i < count; i++) {
      max = Math.max(max, x[at + i]);
    }
    return max;
  }

  /** The sum of {@code count} elements, in {@value #LANES} lanes. */
  static float sum(float[] x, int at, int count) {
    float[] lanes = new float[LANES];
    int whole = count - count % LANES;
    for (int lane = 0; lane < LANES; lane += FLOATS.length()) {
      FloatVector sum = FloatVector.zero(FLOATS);
      for (int i = lane; i < whole; i += LANES) {
        sum = sum.add(FloatVector.fromArray(FLOATS, x, at + i));
      }
      sum.intoArray(lanes, lane);
    }
    for (int i = whole; i < count; i++) {
      lanes[i - whole] += x[at + i];
    }
    return fold(lanes);
  }

  /** Σ x[i]·y[i] by fused multiply-add, in {@value #LANES} lanes. */
  static float dot(float[] x, int xAt, float[] y, int yAt, int count) {
    float[] lanes = new float[LANES];
    int whole = count - count % LANES;
    for (int lane = 0; lane < LANES; lane += FLOATS.length()) {
      FloatVector sum = FloatVector.zero(FLOATS);
      for (int i = lane; i < whole; i += LANES) {
        sum =
            FloatVector.fromArray(FLOATS, x, xAt + i)
                .fma(FloatVector.fromArray(FLOATS, y, yAt + i), sum);
      }
      sum.intoArray(lanes, lane);
    }
    for (int i = whole; i < count; i++) {
      lanes[i - whole] = Math.fma(x[xAt + i], y[yAt + i], lanes[i - whole]);
    }
    return fold(lanes);
  }

  private static float fold(float[] lanes) {
    for (int half = LANES / 2; half > 0; half /= 2) {
      for (int lane = 0; lane < half; lane++) {
        lanes[lane] += lanes[lane + half];
      }
    }
    return lanes[0];
  }
}
