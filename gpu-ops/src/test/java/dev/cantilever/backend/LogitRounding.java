package dev.cantilever.backend;

import java.util.stream.IntStream;

/**
 * How far losses may be off where a head of 16 bits meets rounded inputs. Every logit z is within δ
 * of its value; from that follows, exactly and not to first order only, what p = softmax(z) and all
 * that is made of it may be off by: log p by 2δ, so p by a factor within e^±2δ.
 */
final class LogitRounding {

  private final LossCase c;
  private final double unit;
  private final float[] weights;

  /**
   * The rounding of a case.
   *
   * @param unit of the rounding of a product's inputs, {@link StorageRounding#unit}
   */
  LogitRounding(LossCase c, double unit) {
    this.c = c;
    this.unit = unit;
    this.weights = c.weights();
  }

  /** δ of a token: hidden states are rounded before the product. */
  double logits(float[] hidden, int token) {
    double most = 0;
    for (int v = 0; v < c.vocabulary(); v++) {
      double magnitudes = 0;
      double squares = 0;
      for (int i = 0; i < c.hiddenSize(); i++) {
        double term = (double) hidden[token * c.hiddenSize() + i] * weights[v * c.hiddenSize() + i];
        magnitudes += Math.abs(term);
        squares += term * term;
      }
      most = Math.max(most, StorageRounding.ofSum(unit, magnitudes, squares));
    }
    return most * c.scale();
  }

  /** Of the log-probability of a token. */
  static double logprob(double delta) {
    return 2 * delta;
  }

  /**
   * Of the entropy H, whose derivative by z(v) is −p(v)·(log p(v) + H): on the way to the rounded
   * logits p grows by e^2δ at most, log p + H by 2δ + |ΔH|.
   */
  static double entropy(double[] logp, double delta) {
    double h = ReferenceLossOps.entropy(logp);
    double slope = 0;
    for (double lp : logp) {
      slope += Math.exp(lp) * Math.abs(lp + h);
    }
    double grown = delta * Math.exp(2 * delta);
    return grown * (slope + 2 * delta) / (1 - grown);
  }

  /**
   * Of the divergence D of p from q, whose derivatives are p·(log p − log q − D) by the logits of p
   * and q − p by those of q, with the same growth on the way.
   */
  static double divergence(double[] logp, double[] logq, double deltaP, double deltaQ) {
    double divergence = ReferenceLossOps.divergence(logp, logq);
    double slopeP = 0;
    double slopeQ = 0;
    for (int v = 0; v < logp.length; v++) {
      slopeP += Math.exp(logp[v]) * Math.abs(logp[v] - logq[v] - divergence);
      slopeQ += Math.abs(Math.exp(logp[v]) - Math.exp(logq[v]));
    }
    double grown = deltaP * Math.exp(2 * deltaP);
    double atQ = slopeQ + Math.expm1(2 * deltaP) + Math.expm1(2 * deltaQ);
    return (grown * (slopeP + 2 * deltaP + 2 * deltaQ) + deltaQ * atQ) / (1 - grown);
  }

  /**
   * Of the gradient of a logit, relative: off by a factor within e^±2δ, because 1 − p(target) is a
   * sum of other p. The slope of a cap is 1 at most, and off by 4/(3√3) of what its argument is off
   * by.
   */
  double logitGradient(double delta) {
    double slope = c.cap() > 0 ? 4 / (3 * Math.sqrt(3)) * delta / (c.scale() * c.cap()) : 0;
    return Math.expm1(2 * delta) + slope * Math.exp(2 * delta);
  }

  /**
   * Of the gradient of one token's hidden state, [C]. The gradient of a logit is rounded before it
   * meets the head.
   *
   * @param logp of the token
   * @param dLogprob of the token
   */
  double[] gradient(double[] logp, double delta, int target, double dLogprob) {
    double[] bounds = new double[c.hiddenSize()];
    for (int i = 0; i < bounds.length; i++) {
      int column = i;
      double[] terms =
          IntStream.range(0, logp.length)
              .mapToDouble(
                  v -> {
                    double dz = (v == target ? 1 : 0) - Math.exp(logp[v]);
                    return Math.abs(
                        c.scale() * dLogprob * dz * weights[v * c.hiddenSize() + column]);
                  })
              .toArray();
      double magnitudes = IntStream.range(0, terms.length).mapToDouble(v -> terms[v]).sum();
      double squares = IntStream.range(0, terms.length).mapToDouble(v -> terms[v] * terms[v]).sum();
      bounds[i] =
          logitGradient(delta) * magnitudes
              + Math.exp(2 * delta) * StorageRounding.ofSum(unit, magnitudes, squares);
    }
    return bounds;
  }
}
