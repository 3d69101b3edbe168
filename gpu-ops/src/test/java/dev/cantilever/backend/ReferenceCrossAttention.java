package dev.cantilever.backend;

import java.util.Arrays;

/** Attention of rows to other rows as the textbook has it, in double precision. */
final class ReferenceCrossAttention {

  /**
   * What a forward pass leaves.
   *
   * @param out [N, H·D]
   * @param lse [N, H]
   * @param rounding [N, H·D], what {@code out} may be off by where keys and values were rounded
   */
  record Result(double[] out, double[] lse, double[] rounding) {}

  /**
   * What a backward pass leaves.
   *
   * @param dQueries [N, H·D]
   * @param dKeysValues [S, 2·K·D]
   */
  record Gradients(double[] dQueries, double[] dKeysValues) {}

  private final double[] queries;
  private final double[] keysValues;
  private final int[] offsets;
  private final int[] keyOffsets;
  private final AttentionSpec spec;

  ReferenceCrossAttention(
      double[] queries, double[] keysValues, int[] offsets, int[] keyOffsets, AttentionSpec spec) {
    this.queries = queries;
    this.keysValues = keysValues;
    this.offsets = offsets;
    this.keyOffsets = keyOffsets;
    this.spec = spec;
  }

  static ReferenceCrossAttention of(CrossCase c) {
    return new ReferenceCrossAttention(
        TestTensors.widen(c.queries()),
        TestTensors.widen(c.keysValues()),
        c.offsets(),
        c.keyOffsets(),
        c.spec());
  }

  /**
   * The forward pass. A score of rounded keys is off by ε at most, so a probability by a factor
   * within e^±2ε.
   *
   * @param unit of the rounding, {@link StorageRounding#unit}
   */
  Result attention(double unit) {
    double[] out = new double[queries.length];
    double[] lse = new double[queries.length / spec.headSize()];
    double[] rounding = new double[queries.length];
    for (int row = 0; row + 1 < offsets.length; row++) {
      for (int t = offsets[row]; t < offsets[row + 1]; t++) {
        for (int h = 0; h < spec.heads(); h++) {
          double[] scores = scores(row, t, h);
          lse[t * spec.heads() + h] = logSumExp(scores);
          double wrong = Math.exp(2 * scoreRounding(row, t, h, unit)) * (1 + unit) - 1;
          for (int s = 0; s < scores.length; s++) {
            double p = Math.exp(scores[s] - lse[t * spec.heads() + h]);
            for (int d = 0; d < spec.headSize(); d++) {
              double value = keysValues[value(row, s, h) + d];
              out[query(t, h) + d] += p * value;
              rounding[query(t, h) + d] += p * Math.abs(value) * wrong;
            }
          }
        }
      }
    }
    return new Result(out, lse, rounding);
  }

  Gradients backward(double[] dOut) {
    Result forward = attention(0);
    double[] dQueries = new double[queries.length];
    double[] dKeysValues = new double[keysValues.length];
    for (int row = 0; row + 1 < offsets.length; row++) {
      for (int t = offsets[row]; t < offsets[row + 1]; t++) {
        for (int h = 0; h < spec.heads(); h++) {
          double[] scores = scores(row, t, h);
          double delta = dot(dOut, query(t, h), forward.out(), query(t, h));
          for (int s = 0; s < scores.length; s++) {
            double p = Math.exp(scores[s] - forward.lse()[t * spec.heads() + h]);
            double dP = dot(dOut, query(t, h), keysValues, value(row, s, h));
            double dScore = p * (dP - delta) * spec.scale();
            for (int d = 0; d < spec.headSize(); d++) {
              dQueries[query(t, h) + d] += dScore * keysValues[key(row, s, h) + d];
              dKeysValues[key(row, s, h) + d] += dScore * queries[query(t, h) + d];
              dKeysValues[value(row, s, h) + d] += p * dOut[query(t, h) + d];
            }
          }
        }
      }
    }
    return new Gradients(dQueries, dKeysValues);
  }

  private double[] scores(int row, int t, int h) {
    double[] scores = new double[keyOffsets[row + 1] - keyOffsets[row]];
    Arrays.setAll(
        scores, s -> dot(queries, query(t, h), keysValues, key(row, s, h)) * spec.scale());
    return scores;
  }

  private static double logSumExp(double[] scores) {
    double most = Arrays.stream(scores).max().orElseThrow();
    return most + Math.log(Arrays.stream(scores).map(s -> Math.exp(s - most)).sum());
  }

  private double scoreRounding(int row, int t, int h, double unit) {
    double most = 0;
    for (int s = 0; s < keyOffsets[row + 1] - keyOffsets[row]; s++) {
      double magnitudes = 0;
      double squares = 0;
      for (int d = 0; d < spec.headSize(); d++) {
        double product = queries[query(t, h) + d] * keysValues[key(row, s, h) + d];
        magnitudes += Math.abs(product);
        squares += product * product;
      }
      most = Math.max(most, StorageRounding.ofSum(unit, magnitudes, squares));
    }
    return most * spec.scale();
  }

  private double dot(double[] a, int atA, double[] b, int atB) {
    double sum = 0;
    for (int d = 0; d < spec.headSize(); d++) {
      sum += a[atA + d] * b[atB + d];
    }
    return sum;
  }

  private int query(int t, int h) {
    return t * spec.outputSize() + h * spec.headSize();
  }

  private int key(int row, int s, int h) {
    int kvHead = h / (spec.heads() / spec.kvHeads());
    return (keyOffsets[row] + s) * 2 * spec.cacheSize() + kvHead * spec.headSize();
  }

  private int value(int row, int s, int h) {
    return key(row, s, h) + spec.cacheSize();
  }
}
