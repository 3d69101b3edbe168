package dev.cantilever.backend;

/** The activation functions in double precision, from their definitions. */
public final class ReferenceActivationOps {

  private ReferenceActivationOps() {}

  /** f(x). */
  public static double value(Activation f, double x) {
    return switch (f) {
      case GELU -> x * normalCdf(x);
      case GELU_TANH -> x * sigmoid(2 * inner(x));
      case RELU -> Math.max(0, x);
      case SILU -> x * sigmoid(x);
      case TANH -> Math.tanh(x);
    };
  }

  /** f′(x). */
  public static double slope(Activation f, double x) {
    return switch (f) {
      case GELU -> normalCdf(x) + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
      case GELU_TANH -> {
        double s = sigmoid(2 * inner(x));
        double slope = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
        yield s + x * s * (1 - s) * 2 * slope;
      }
      case RELU -> x > 0 ? 1 : 0;
      case SILU -> sigmoid(x) * (1 + x * (1 - sigmoid(x)));
      case TANH -> 1 - Math.tanh(x) * Math.tanh(x);
    };
  }

  private static double inner(double x) {
    return Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /**
   * Φ(x) = ½erfc(−x/√2): below 3 the series of ∫φ (Abramowitz and Stegun 26.2.11), above it the
   * continued fraction of the tail (26.2.14).
   */
  public static double normalCdf(double x) {
    double u = Math.abs(x);
    double density = Math.exp(-u * u / 2) / Math.sqrt(2 * Math.PI);
    double tail;
    if (u < 3) {
      double term = u;
      double sum = u;
      for (int n = 1; n < 200; n++) {
        term *= u * u / (2 * n + 1);
        sum += term;
      }
      tail = 0.5 - density * sum;
    } else {
      double fraction = 0;
      for (int n = 200; n > 0; n--) {
        fraction = n / (u + fraction);
      }
      tail = density / (u + fraction);
    }
    return x < 0 ? tail : 1 - tail;
  }
}
