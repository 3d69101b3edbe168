package dev.cantilever.backend;

import java.util.Arrays;
import java.util.stream.IntStream;

/** Log-probabilities, entropies and divergences as defined, in double precision. */
final class ReferenceLossOps {

  private ReferenceLossOps() {}

  /** Scaled logits of one token; head is [V, C], bias [V]. */
  static double[] logits(double[] hidden, int token, double[] head, double[] bias, double scale) {
    int c = head.length / bias.length;
    double[] z = new double[bias.length];
    for (int v = 0; v < z.length; v++) {
      z[v] = bias[v];
      for (int i = 0; i < c; i++) {
        z[v] += hidden[token * c + i] * head[v * c + i];
      }
      z[v] *= scale;
    }
    return z;
  }

  /** log softmax of the logits of one token; head is [V, C], bias [V]. */
  static double[] logSoftmax(
      double[] hidden, int token, double[] head, double[] bias, double scale) {
    double[] z = logits(hidden, token, head, bias, scale);
    double max = Arrays.stream(z).max().orElseThrow();
    double lse = max + Math.log(Arrays.stream(z).map(x -> Math.exp(x - max)).sum());
    return Arrays.stream(z).map(x -> x - lse).toArray();
  }

  static double entropy(double[] logProbabilities) {
    return -Arrays.stream(logProbabilities).map(lp -> Math.exp(lp) * lp).sum();
  }

  static double divergence(double[] p, double[] q) {
    return IntStream.range(0, p.length).mapToDouble(v -> Math.exp(p[v]) * (p[v] - q[v])).sum();
  }

  /** Gradient of Σ dLogprobs·log p(target) with respect to hidden. */
  static double[] tokenLogprobsBackward(
      double[] dLogprobs,
      double[] hidden,
      double[] head,
      double[] bias,
      int[] targets,
      double scale) {
    int c = head.length / bias.length;
    double[] dHidden = new double[hidden.length];
    for (int m = 0; m < targets.length; m++) {
      double[] p = logSoftmax(hidden, m, head, bias, scale);
      for (int v = 0; v < p.length; v++) {
        double dz = dLogprobs[m] * scale * ((v == targets[m] ? 1 : 0) - Math.exp(p[v]));
        for (int i = 0; i < c; i++) {
          dHidden[m * c + i] += dz * head[v * c + i];
        }
      }
    }
    return dHidden;
  }
}
