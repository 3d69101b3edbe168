package dev.cantilever.ppo;

/** Mean and variance of numbers seen one at a time (Welford), so that splits change nothing. */
final class StreamingMoments {
  private long count;
  private double mean;
  private double squares;

  void add(double value) {
    count++;
    double delta = value - mean;
    mean += delta / count;
    squares += delta * (value - mean);
  }

  double mean() {
    return mean;
  }

  /** Bessel-corrected; 0 for fewer than two numbers. */
  double variance() {
    return count > 1 ? squares / (count - 1) : 0;
  }
}
