package dev.cantilever.model;

import dev.cantilever.hub.ModelDirectory;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/**
 * The layers of a decoder in double precision, over one row and slowly: each value x[t][i] by the
 * formula. Tensors are taken by their names in the file.
 */
final class ReferenceLayers {

  /** What happens to a score between product and softmax. */
  interface ScoreChange {
    /** The score of the key at {@code s}, which a token at {@code t} sees unless it is −∞. */
    double changed(double score, int head, int t, int s);
  }

  private final Map<String, double[]> tensors = new HashMap<>();

  ReferenceLayers(ModelDirectory directory) throws IOException {
    for (String name : directory.names()) {
      tensors.put(name, directory.file(name).readDoubles(name));
    }
  }

  /** ½x(1 + tanh(√(2/π)(x + 0.044715x³))). */
  static double geluNew(double x) {
    return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
  }

  /** x·σ(x). */
  static double silu(double x) {
    return x / (1 + Math.exp(-x));
  }

  double[] tensor(String name) {
    double[] tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("no tensor " + name);
    }
    return tensor;
  }

  /** Rows of a table. */
  double[][] rows(String name, int[] indices, int width) {
    double[][] rows = new double[indices.length][width];
    for (int t = 0; t < rows.length; t++) {
      System.arraycopy(tensor(name), indices[t] * width, rows[t], 0, width);
    }
    return rows;
  }

  /** x·Wᵀ, plus a bias where the file has one; the weight is [out, in]. */
  double[][] linear(String path, double[][] x) {
    return linear(path, path, x, false);
  }

  /** The same with weight and bias of two modules. */
  double[][] linear(String weight, String bias, double[][] x) {
    return linear(weight, bias, x, false);
  }

  /** x·W, plus the bias; the weight is [in, out]. */
  double[][] conv1d(String path, double[][] x) {
    return linear(path, path, x, true);
  }

  /**
   * y[t][o] = b[o] + Σ over i, j of w[o][i][j]·x[t + j − (kernel − 1)/2][i], where i goes over the
   * channels of o's group, and what is outside of the row is zero; the weight is [out, in / groups,
   * kernel], with as many outputs as inputs.
   */
  double[][] convolution(String path, double[][] x, int kernel) {
    double[] weight = tensor(path + ".weight");
    int width = x[0].length;
    int channels = weight.length / width / kernel;
    double[][] y = new double[x.length][width];
    for (int t = 0; t < x.length; t++) {
      for (int o = 0; o < width; o++) {
        y[t][o] = tensor(path + ".bias")[o];
        for (int j = 0; j < kernel; j++) {
          int at = t + j - (kernel - 1) / 2;
          for (int i = 0; i < channels && at >= 0 && at < x.length; i++) {
            int channel = o / channels * channels + i;
            y[t][o] += weight[(o * channels + i) * kernel + j] * x[at][channel];
          }
        }
      }
    }
    return y;
  }

  private double[][] linear(String path, String biasPath, double[][] x, boolean transposed) {
    double[] weight = tensor(path + ".weight");
    int in = x[0].length;
    int out = weight.length / in;
    double[] bias = tensors.getOrDefault(biasPath + ".bias", new double[out]);
    double[][] y = new double[x.length][out];
    for (int t = 0; t < x.length; t++) {
      for (int o = 0; o < out; o++) {
        y[t][o] = bias[o];
        for (int i = 0; i < in; i++) {
          y[t][o] += x[t][i] * weight[transposed ? i * out + o : o * in + i];
        }
      }
    }
    return y;
  }

  /** A layer norm of ε 1e-5; without factor and shift where the file has none. */
  double[][] norm(String path, double[][] x) {
    int width = x[0].length;
    double[][] y = new double[x.length][width];
    for (int t = 0; t < x.length; t++) {
      double mean = 0;
      double square = 0;
      for (double value : x[t]) {
        mean += value / width;
        square += value * value / width;
      }
      double deviation = Math.sqrt(square - mean * mean + 1e-5);
      for (int i = 0; i < width; i++) {
        y[t][i] = (x[t][i] - mean) / deviation;
        if (tensors.containsKey(path + ".weight")) {
          y[t][i] = y[t][i] * tensor(path + ".weight")[i] + tensor(path + ".bias")[i];
        }
      }
    }
    return y;
  }

  /** An RMS norm of ε 1e-6. */
  double[][] rmsNorm(String path, double[][] x) {
    return rmsNorm(path, x, 0);
  }

  /** Dimensions j and j + size/2 of each head by the angle t·10000^(−2j/size). */
  static double[][] turned(double[][] x, int size) {
    double[] frequencies =
        IntStream.range(0, size / 2).mapToDouble(j -> Math.pow(10_000, -2.0 * j / size)).toArray();
    return turned(x, size, frequencies, 1);
  }

  /**
   * RMS norms of groups of elements, each as wide as the factor; their scale is the tensor plus
   * {@code offset}.
   */
  double[][] rmsNorm(String path, double[][] x, double offset) {
    double[] factor = tensor(path + ".weight");
    double[][] y = new double[x.length][x[0].length];
    for (int t = 0; t < x.length; t++) {
      for (int at = 0; at < y[t].length; at += factor.length) {
        double square = 0;
        for (int i = 0; i < factor.length; i++) {
          square += x[t][at + i] * x[t][at + i] / factor.length;
        }
        for (int i = 0; i < factor.length; i++) {
          y[t][at + i] = x[t][at + i] / Math.sqrt(square + 1e-6) * (factor[i] + offset);
        }
      }
    }
    return y;
  }

  /**
   * Heads of so many elements with their first ones turned in halves, token t by t times each
   * frequency, and multiplied by {@code magnitude}.
   */
  static double[][] turned(double[][] x, int size, double[] frequencies, double magnitude) {
    int half = frequencies.length;
    double[][] y = map(x, value -> value);
    for (int t = 0; t < x.length; t++) {
      for (int head = 0; head < x[t].length; head += size) {
        for (int j = 0; j < half; j++) {
          double cosine = magnitude * Math.cos(t * frequencies[j]);
          double sine = magnitude * Math.sin(t * frequencies[j]);
          double first = x[t][head + j];
          double second = x[t][head + half + j];
          y[t][head + j] = first * cosine - second * sine;
          y[t][head + half + j] = second * cosine + first * sine;
        }
      }
    }
    return y;
  }

  /** Heads of so many elements, each so many times in a row. */
  static double[][] repeated(double[][] x, int size, int times) {
    double[][] y = new double[x.length][x[0].length * times];
    for (int t = 0; t < x.length; t++) {
      for (int i = 0; i < y[t].length; i++) {
        y[t][i] = x[t][i / size / times * size + i % size];
      }
    }
    return y;
  }

  /** softmax(scale·q·kᵀ)·v in each head, a token seeing itself and what came before. */
  static double[][] attention(double[][] q, double[][] k, double[][] v, int heads, double scale) {
    return attention(q, k, v, heads, scale, (score, head, t, s) -> score);
  }

  /** The same with changed scores. */
  static double[][] attention(
      double[][] q, double[][] k, double[][] v, int heads, double scale, ScoreChange change) {
    int width = q[0].length;
    int size = width / heads;
    double[][] y = new double[q.length][width];
    for (int head = 0; head < heads; head++) {
      for (int t = 0; t < q.length; t++) {
        double[] weights = new double[t + 1];
        double sum = 0;
        for (int s = 0; s <= t; s++) {
          double score = 0;
          for (int i = head * size; i < (head + 1) * size; i++) {
            score += scale * q[t][i] * k[s][i];
          }
          weights[s] = Math.exp(change.changed(score, head, t, s));
          sum += weights[s];
        }
        for (int s = 0; s <= t; s++) {
          for (int i = head * size; i < (head + 1) * size; i++) {
            y[t][i] += weights[s] / sum * v[s][i];
          }
        }
      }
    }
    return y;
  }

  static double[][] map(double[][] x, DoubleUnaryOperator function) {
    double[][] y = new double[x.length][x[0].length];
    for (int t = 0; t < x.length; t++) {
      for (int i = 0; i < y[t].length; i++) {
        y[t][i] = function.applyAsDouble(x[t][i]);
      }
    }
    return y;
  }

  static double[][] sum(double[][] x, double[][] y) {
    double[][] z = new double[x.length][x[0].length];
    for (int t = 0; t < x.length; t++) {
      for (int i = 0; i < z[t].length; i++) {
        z[t][i] = x[t][i] + y[t][i];
      }
    }
    return z;
  }

  static double[][] product(double[][] x, double[][] y) {
    double[][] z = new double[x.length][x[0].length];
    for (int t = 0; t < x.length; t++) {
      for (int i = 0; i < z[t].length; i++) {
        z[t][i] = x[t][i] * y[t][i];
      }
    }
    return z;
  }

  /** Columns [from, to). */
  static double[][] columns(double[][] x, int from, int to) {
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      y[t] = Arrays.copyOfRange(x[t], from, to);
    }
    return y;
  }
}
