package dev.cantilever.backend;

/**
 * What attention may be off by where everything that goes into a product is rounded: queries and
 * keys after their rotation, values, gradients of outputs, probabilities, gradients of scores.
 *
 * <p>A score is off by ε at most, so a probability by a factor within e^±2ε; a product of two
 * rounded factors by twice the unit, and a little. A cap lets errors of scores grow no further, and
 * its derivative 1 − tanh²(s/cap) changes by at most 0.77/cap for each unit of a score.
 *
 * @param out of the output, [N, H·D]
 * @param lse of the log-sum-exp, [N, H]
 * @param dQkv of the gradient, [N, W]
 */
record AttentionRounding(double[] out, double[] lse, double[] dQkv) {

  /** The largest slope of 1 − tanh². */
  private static final double CAP_CURVATURE = 0.77;

  /**
   * The bounds for some inputs.
   *
   * @param unit of the rounding, {@link StorageRounding#unit}
   */
  static AttentionRounding of(AttentionCase c, double unit) {
    AttentionSpec spec = c.spec();
    double[] qkv = TestTensors.widen(c.qkv());
    double[] dOut = TestTensors.widen(c.dOut());
    double both = (1 + unit) * (1 + unit) - 1;
    double[] lse = new double[c.tokens() * spec.heads()];
    double[] dQkv = new double[qkv.length];
    for (int row = 0; row < c.lengths().length; row++) {
      for (int h = 0; h < spec.heads(); h++) {
        for (int t = c.offsets()[row]; t < c.offsets()[row + 1]; t++) {
          lse[t * spec.heads() + h] =
              ReferenceAttentionOps.scoreRounding(qkv, c.offsets(), row, h, t, spec, both);
        }
        addGradient(dQkv, qkv, dOut, lse, c, row, h, unit);
      }
    }
    return new AttentionRounding(
        ReferenceAttentionOps.roundedCache(qkv, c.offsets(), spec, c.bias(), both), lse, dQkv);
  }

  private static void addGradient(
      double[] bounds,
      double[] qkv,
      double[] dOut,
      double[] scoreErrors,
      AttentionCase c,
      int row,
      int h,
      double unit) {
    AttentionSpec spec = c.spec();
    int start = c.offsets()[row];
    int size = spec.headSize();
    int w = spec.projectionSize();
    int kv = h / (spec.heads() / spec.kvHeads());
    double both = (1 + unit) * (1 + unit) - 1;
    for (int t = start; t < c.offsets()[row + 1]; t++) {
      double[] p = ReferenceAttentionOps.probabilities(qkv, c.offsets(), row, h, t, spec, c.bias());
      double[] capSlopes = ReferenceAttentionOps.capSlopes(qkv, c.offsets(), row, h, t, spec);
      double scoreError = scoreErrors[t * spec.heads() + h];
      double factor = Math.exp(2 * scoreError);
      double[] dP = new double[p.length];
      double[] dPErrors = new double[p.length];
      double delta = 0;
      double deltaError = 0;
      for (int s = 0; s < p.length; s++) {
        double magnitudes = 0;
        double squares = 0;
        for (int d = 0; d < size; d++) {
          double product =
              dOut[t * spec.outputSize() + h * size + d]
                  * qkv[(start + s) * w + spec.valueOffset(kv) + d];
          dP[s] += product;
          magnitudes += Math.abs(product);
          squares += product * product;
        }
        dPErrors[s] = StorageRounding.ofSum(both, magnitudes, squares);
        delta += p[s] * dP[s];
        deltaError += p[s] * (Math.abs(dP[s]) * (factor * (1 + unit) - 1) + factor * dPErrors[s]);
      }
      double[] q =
          ReferenceAttentionOps.rotated(qkv, t * w + spec.queryOffset(h), t - start, spec, 1);
      double[] dQ = new double[size];
      for (int s = 0; s < p.length; s++) {
        int key = (start + s) * w + spec.keyOffset(kv);
        int value = (start + s) * w + spec.valueOffset(kv);
        double[] k = ReferenceAttentionOps.rotated(qkv, key, s, spec, 1);
        double dS = p[s] * Math.abs(dP[s] - delta);
        double uncapped = dS * (factor - 1) + p[s] * factor * (dPErrors[s] + deltaError);
        double slopeError = Math.min(1, CAP_CURVATURE / spec.scores().cap() * scoreError);
        double error = uncapped * capSlopes[s] + (dS + uncapped) * slopeError;
        dS *= capSlopes[s];
        double rounded = spec.scale() * ((dS + error) * (1 + both) - dS); // dS and q or k
        double[] dK = new double[size];
        for (int d = 0; d < size; d++) {
          dQ[d] += rounded * Math.abs(k[d]);
          dK[d] = rounded * Math.abs(q[d]);
          bounds[value + d] +=
              p[s]
                  * (factor * (1 + both) - 1)
                  * Math.abs(dOut[t * spec.outputSize() + h * size + d]);
        }
        addTurned(bounds, key, dK, spec);
      }
      addTurned(bounds, t * w + spec.queryOffset(h), dQ, spec);
    }
  }

  /** Adds bounds of a vector that is turned back: each dimension may have both of its pair. */
  private static void addTurned(double[] bounds, int at, double[] x, AttentionSpec spec) {
    int half = spec.rotary().dims() / 2;
    for (int d = 0; d < x.length; d++) {
      bounds[at + d] += x[d];
      if (d < 2 * half) {
        bounds[at + d] += x[d < half ? d + half : d - half];
      }
    }
  }
}
