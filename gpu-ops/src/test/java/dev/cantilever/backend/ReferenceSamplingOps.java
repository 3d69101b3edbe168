package dev.cantilever.backend;

import java.util.Arrays;
import java.util.Comparator;

/** The sampler's law in double precision, from its definition. */
public final class ReferenceSamplingOps {

  private ReferenceSamplingOps() {}

  /** softmax(logits/temperature). */
  public static double[] softmax(float[] logits, double temperature) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double[] p = new double[logits.length];
    double sum = 0;
    for (int i = 0; i < p.length; i++) {
      p[i] = Math.exp((logits[i] - max) / temperature);
      sum += p[i];
    }
    for (int i = 0; i < p.length; i++) {
      p[i] /= sum;
    }
    return p;
  }

  /** The probabilities from which a token is drawn: after temperature, top-k and top-p. */
  public static double[] law(float[] logits, SamplingSpec spec) {
    double[] p = softmax(logits, spec.temperature());
    Integer[] ranked = new Integer[p.length];
    Arrays.setAll(ranked, i -> i);
    Arrays.sort(
        ranked, Comparator.comparing((Integer i) -> -logits[i]).thenComparing(Integer::compare));
    int kept = spec.topK() > 0 ? Math.min(spec.topK(), p.length) : p.length;
    double mass = 0;
    for (int i = 0; i < kept; i++) {
      mass += p[ranked[i]];
    }
    double reached = 0;
    int nucleus = 0;
    while (nucleus < kept && (nucleus == 0 || reached < spec.topP() * mass)) {
      reached += p[ranked[nucleus++]];
    }
    if (spec.topP() == 1) {
      nucleus = kept;
      reached = mass;
    }
    double[] law = new double[p.length];
    for (int i = 0; i < nucleus; i++) {
      law[ranked[i]] = p[ranked[i]] / reached;
    }
    return law;
  }

  /** The first token at which the running sum of the law passes {@code uniform}. */
  public static int draw(double[] law, double uniform) {
    double sum = 0;
    int last = 0;
    for (int token = 0; token < law.length; token++) {
      sum += law[token];
      if (law[token] > 0) {
        last = token;
        if (sum > uniform) {
          return token;
        }
      }
    }
    return last;
  }

  /** The uniform number of a draw. */
  public static double uniform(long seed, int step, long queryId, int position) {
    int[] words = new int[4];
    Philox.words(words, 0, seed, position, step, (int) queryId, (int) (queryId >>> 32));
    return Philox.uniform(words[0], words[1]);
  }
}
