package dev.cantilever.parity;

/** The next-token distribution at one position, from its logits. */
final class Distribution {
  private final double[] logprobs; // [V]

  private Distribution(double[] logprobs) {
    this.logprobs = logprobs;
  }

  /** From {@code count} logits that begin at {@code start}. */
  static Distribution ofLogits(double[] logits, int start, int count) {
    double max = Double.NEGATIVE_INFINITY;
    for (int v = 0; v < count; v++) {
      max = Math.max(max, logits[start + v]);
    }
    double sum = 0;
    for (int v = 0; v < count; v++) {
      sum += Math.exp(logits[start + v] - max);
    }
    double logSum = max + Math.log(sum);
    double[] logprobs = new double[count];
    for (int v = 0; v < count; v++) {
      logprobs[v] = logits[start + v] - logSum;
    }
    return new Distribution(logprobs);
  }

  double logprob(int token) {
    return logprobs[token];
  }

  double probability(int token) {
    return Math.exp(logprobs[token]);
  }

  /** {@code -Σ p log p}, in nats. */
  double entropy() {
    double sum = 0;
    for (double logprob : logprobs) {
      sum -= Math.exp(logprob) * logprob;
    }
    return sum;
  }

  /** {@code Σ p(log p - log q)}, in nats. */
  double klTo(Distribution reference) {
    double sum = 0;
    for (int v = 0; v < logprobs.length; v++) {
      sum += Math.exp(logprobs[v]) * (logprobs[v] - reference.logprobs[v]);
    }
    return sum;
  }
}
