package dev.cantilever.backend;

import java.util.Arrays;
import java.util.stream.IntStream;

/** Log-probabilities, entropies and divergences as defined, in double precision. */
final class ReferenceLossOps {

  private ReferenceLossOps() {}

  /** Logits of one token; head is [V, C], bias [V]. */
  static double[] logits(double[] hidden, int token, double[] head, double[] bias, LogitSpec spec) {
    double[] z = given(hidden, token, head, bias);
    for (int v = 0; v < z.length; v++) {
      z[v] = spec.scale() * (spec.capped() ? spec.cap() * Math.tanh(z[v] / spec.cap()) : z[v]);
    }
    return z;
  }

  /** What the head gives for one token. */
  private static double[] given(double[] hidden, int token, double[] head, double[] bias) {
    int c = head.length / bias.length;
    double[] x = bias.clone();
    for (int v = 0; v < x.length; v++) {
      for (int i = 0; i < c; i++) {
        x[v] += hidden[token * c + i] * head[v * c + i];
      }
    }
    return x;
  }

  /** log softmax of the logits of one token; head is [V, C], bias [V]. */
  static double[] logSoftmax(
      double[] hidden, int token, double[] head, double[] bias, LogitSpec spec) {
    double[] z = logits(hidden, token, head, bias, spec);
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
      LogitSpec spec) {
    int c = head.length / bias.length;
    double[] dHidden = new double[hidden.length];
    for (int m = 0; m < targets.length; m++) {
      double[] dx = given(dLogprobs[m], hidden, m, head, bias, targets[m], spec);
      for (int v = 0; v < dx.length; v++) {
        for (int i = 0; i < c; i++) {
          dHidden[m * c + i] += dx[v] * head[v * c + i];
        }
      }
    }
    return dHidden;
  }

  /** The same with respect to the head, [V, C], and behind it to its bias, [V]. */
  static double[] headGradient(
      double[] dLogprobs,
      double[] hidden,
      double[] head,
      double[] bias,
      int[] targets,
      LogitSpec spec) {
    int c = head.length / bias.length;
    double[] dHead = new double[head.length + bias.length];
    for (int m = 0; m < targets.length; m++) {
      double[] dx = given(dLogprobs[m], hidden, m, head, bias, targets[m], spec);
      for (int v = 0; v < dx.length; v++) {
        for (int i = 0; i < c; i++) {
          dHead[v * c + i] += dx[v] * hidden[m * c + i];
        }
        dHead[head.length + v] += dx[v];
      }
    }
    return dHead;
  }

  /** Gradient with respect to what the head gives for one token. */
  private static double[] given(
      double dLogprob,
      double[] hidden,
      int token,
      double[] head,
      double[] bias,
      int target,
      LogitSpec spec) {
    double[] p = logSoftmax(hidden, token, head, bias, spec);
    double[] dx = given(hidden, token, head, bias);
    for (int v = 0; v < p.length; v++) {
      double slope = spec.capped() ? 1 - Math.pow(Math.tanh(dx[v] / spec.cap()), 2) : 1;
      dx[v] = dLogprob * spec.scale() * ((v == target ? 1 : 0) - Math.exp(p[v])) * slope;
    }
    return dx;
  }
}
