package dev.cantilever.backend;

import java.util.Arrays;

/** Norms in double precision, from its definition. */
public final class ReferenceNormOps {

  private ReferenceNormOps() {}

  /** y = (x − mean)/√(var + eps)·gamma + beta for each of the rows of {@code c} elements. */
  public static double[] layerNorm(double[] x, double[] gamma, double[] beta, int c, double eps) {
    double[] y = new double[x.length];
    for (int at = 0; at < x.length; at += c) {
      double mean = mean(x, at, c);
      double scale = 1 / Math.sqrt(variance(x, at, c, mean) + eps);
      for (int i = 0; i < c; i++) {
        y[at + i] = (x[at + i] - mean) * scale * gamma[i] + beta[i];
      }
    }
    return y;
  }

  /** The gradient with respect to x. */
  public static double[] layerNormBackward(
      double[] dy, double[] x, double[] gamma, int c, double eps) {
    double[] dx = new double[x.length];
    for (int at = 0; at < x.length; at += c) {
      double mean = mean(x, at, c);
      double scale = 1 / Math.sqrt(variance(x, at, c, mean) + eps);
      double meanG = 0;
      double meanProduct = 0;
      for (int i = 0; i < c; i++) {
        double g = dy[at + i] * gamma[i];
        meanG += g / c;
        meanProduct += g * (x[at + i] - mean) * scale / c;
      }
      for (int i = 0; i < c; i++) {
        double normalised = (x[at + i] - mean) * scale;
        dx[at + i] = (dy[at + i] * gamma[i] - meanG - normalised * meanProduct) * scale;
      }
    }
    return dx;
  }

  /** y = x/√(mean(x²) + eps)·gamma for each of the rows of {@code c} elements. */
  public static double[] rmsNorm(double[] x, double[] gamma, int c, double eps) {
    double[] y = new double[x.length];
    for (int at = 0; at < x.length; at += c) {
      double scale = 1 / Math.sqrt(variance(x, at, c, 0) + eps);
      for (int i = 0; i < c; i++) {
        y[at + i] = x[at + i] * scale * gamma[i];
      }
    }
    return y;
  }

  /** The gradient with respect to x. */
  public static double[] rmsNormBackward(
      double[] dy, double[] x, double[] gamma, int c, double eps) {
    double[] dx = new double[x.length];
    for (int at = 0; at < x.length; at += c) {
      double scale = 1 / Math.sqrt(variance(x, at, c, 0) + eps);
      double product = 0;
      for (int i = 0; i < c; i++) {
        product += dy[at + i] * gamma[i] * x[at + i];
      }
      for (int i = 0; i < c; i++) {
        dx[at + i] =
            dy[at + i] * gamma[i] * scale - x[at + i] * product * scale * scale * scale / c;
      }
    }
    return dx;
  }

  /**
   * Heads of queries, keys and values, of which those of queries and keys are normalised; the size
   * of a head is that of its gamma.
   */
  public static double[] headNorm(
      double[] x, double[] queryGamma, double[] keyGamma, int heads, int kvHeads, double eps) {
    double[] y = x.clone();
    int d = queryGamma.length;
    for (int head = 0; head < x.length / d; head++) {
      int place = head % (heads + 2 * kvHeads);
      if (place < heads + kvHeads) {
        double[] of = Arrays.copyOfRange(x, head * d, (head + 1) * d);
        double[] normed = rmsNorm(of, place < heads ? queryGamma : keyGamma, d, eps);
        System.arraycopy(normed, 0, y, head * d, d);
      }
    }
    return y;
  }

  /** The gradient with respect to x. */
  public static double[] headNormBackward(
      double[] dy,
      double[] x,
      double[] queryGamma,
      double[] keyGamma,
      int heads,
      int kvHeads,
      double eps) {
    double[] dx = dy.clone();
    int d = queryGamma.length;
    for (int head = 0; head < x.length / d; head++) {
      int place = head % (heads + 2 * kvHeads);
      if (place < heads + kvHeads) {
        double[] of = Arrays.copyOfRange(x, head * d, (head + 1) * d);
        double[] gradient = Arrays.copyOfRange(dy, head * d, (head + 1) * d);
        double[] gamma = place < heads ? queryGamma : keyGamma;
        System.arraycopy(rmsNormBackward(gradient, of, gamma, d, eps), 0, dx, head * d, d);
      }
    }
    return dx;
  }

  private static double mean(double[] x, int at, int c) {
    double sum = 0;
    for (int i = 0; i < c; i++) {
      sum += x[at + i];
    }
    return sum / c;
  }

  private static double variance(double[] x, int at, int c, double mean) {
    double sum = 0;
    for (int i = 0; i < c; i++) {
      sum += (x[at + i] - mean) * (x[at + i] - mean);
    }
    return sum / c;
  }
}
