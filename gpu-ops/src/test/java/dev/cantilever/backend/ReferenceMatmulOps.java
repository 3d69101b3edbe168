package dev.cantilever.backend;

/** Products in double precision, from their definitions; row-major matrices. */
public final class ReferenceMatmulOps {

  private ReferenceMatmulOps() {}

  /** y[n, o] = Σ_i x[n, i]·w[o, i]. */
  public static double[] linear(double[] x, double[] w, int n, int inputs, int outputs) {
    double[] y = new double[n * outputs];
    for (int r = 0; r < n; r++) {
      for (int o = 0; o < outputs; o++) {
        for (int i = 0; i < inputs; i++) {
          y[r * outputs + o] += x[r * inputs + i] * w[o * inputs + i];
        }
      }
    }
    return y;
  }

  /** dx[n, i] = Σ_o dy[n, o]·w[o, i]. */
  public static double[] inputGradient(double[] dy, double[] w, int n, int inputs, int outputs) {
    double[] dx = new double[n * inputs];
    for (int r = 0; r < n; r++) {
      for (int o = 0; o < outputs; o++) {
        for (int i = 0; i < inputs; i++) {
          dx[r * inputs + i] += dy[r * outputs + o] * w[o * inputs + i];
        }
      }
    }
    return dx;
  }

  /** dw[o, i] = Σ_n dy[n, o]·x[n, i]. */
  public static double[] weightGradient(double[] dy, double[] x, int n, int inputs, int outputs) {
    double[] dw = new double[outputs * inputs];
    for (int r = 0; r < n; r++) {
      for (int o = 0; o < outputs; o++) {
        for (int i = 0; i < inputs; i++) {
          dw[o * inputs + i] += dy[r * outputs + o] * x[r * inputs + i];
        }
      }
    }
    return dw;
  }

  /** q·absmax/127 for each output row. */
  public static double[] dequantize(byte[] q, float[] absmax, int inputs) {
    double[] w = new double[q.length];
    for (int i = 0; i < q.length; i++) {
      w[i] = q[i] * (double) absmax[i / inputs] / 127;
    }
    return w;
  }

  /**
   * LLM.int8() without bias: activations quantised per row over what lies below the threshold,
   * columns with an outlier multiplied as they are.
   */
  public static double[] llmInt8(
      float[] x, byte[] q, float[] absmax, int n, int inputs, int outputs, double threshold) {
    boolean[] outlier = outlierColumns(x, inputs, threshold);
    double[] y = new double[n * outputs];
    for (int r = 0; r < n; r++) {
      double scale = rowScale(x, r, inputs, threshold);
      for (int o = 0; o < outputs; o++) {
        long sum = 0;
        double rest = 0;
        for (int i = 0; i < inputs; i++) {
          double value = x[r * inputs + i];
          if (outlier[i]) {
            rest += value * q[o * inputs + i];
          } else if (scale > 0) {
            sum += (long) Math.rint(value * 127 / scale) * q[o * inputs + i];
          }
        }
        y[r * outputs + o] = (sum * scale / 127 + rest) * absmax[o] / 127;
      }
    }
    return y;
  }

  /**
   * [n, inputs]: the step between two integers of the row where fp32 may take an activation to
   * either of them, else 0. Up to five roundings of a value of up to 127 reach 5e-5.
   */
  static double[] llmInt8Ties(float[] x, int n, int inputs, double threshold) {
    boolean[] outlier = outlierColumns(x, inputs, threshold);
    double[] steps = new double[n * inputs];
    for (int r = 0; r < n; r++) {
      double scale = rowScale(x, r, inputs, threshold);
      for (int i = 0; i < inputs && scale > 0; i++) {
        double value = x[r * inputs + i] * 127 / scale;
        if (!outlier[i] && Math.abs(value - Math.floor(value) - 0.5) < 5e-5) {
          steps[r * inputs + i] = scale / 127;
        }
      }
    }
    return steps;
  }

  private static boolean[] outlierColumns(float[] x, int inputs, double threshold) {
    boolean[] outlier = new boolean[inputs];
    for (int at = 0; at < x.length; at++) {
      outlier[at % inputs] |= Math.abs(x[at]) >= threshold;
    }
    return outlier;
  }

  /** Largest magnitude of a row below the threshold. */
  private static double rowScale(float[] x, int row, int inputs, double threshold) {
    double scale = 0;
    for (int i = 0; i < inputs; i++) {
      double magnitude = Math.abs(x[row * inputs + i]);
      scale = magnitude < threshold ? Math.max(scale, magnitude) : scale;
    }
    return scale;
  }
}
