package dev.cantilever.backend;

import java.util.Arrays;
import java.util.List;

/** Attention as the textbook has it, in double precision, every matrix written out. */
final class ReferenceAttentionOps {

  /**
   * What a row's forward pass leaves.
   *
   * @param out [N, H·D]
   * @param lse [N, H]
   */
  record Result(double[] out, double[] lse) {}

  private ReferenceAttentionOps() {}

  /**
   * The forward pass.
   *
   * @param bias {@link DistanceBias#values} on the host, or empty for none
   */
  static Result attention(double[] qkv, int[] offsets, AttentionSpec spec, float[] bias) {
    int n = offsets[offsets.length - 1];
    double[] out = new double[n * spec.outputSize()];
    double[] lse = new double[n * spec.heads()];
    for (int row = 0; row + 1 < offsets.length; row++) {
      for (int h = 0; h < spec.heads(); h++) {
        for (int t = offsets[row]; t < offsets[row + 1]; t++) {
          double[] p = scores(qkv, offsets, row, h, t, spec, bias);
          double max = Arrays.stream(p).max().orElseThrow();
          double sum = Arrays.stream(p).map(s -> Math.exp(s - max)).sum();
          lse[t * spec.heads() + h] = max + Math.log(sum);
          for (int s = 0; s < p.length; s++) {
            int value = (offsets[row] + s) * spec.projectionSize() + spec.valueOffset(kv(h, spec));
            for (int d = 0; d < spec.headSize(); d++) {
              out[t * spec.outputSize() + h * spec.headSize() + d] +=
                  Math.exp(p[s] - max) / sum * qkv[value + d];
            }
          }
        }
      }
    }
    return new Result(out, lse);
  }

  /**
   * What the output may be off by where keys, after rotation, and values are rounded: [N, H·D]. A
   * score is off by ε at most, so a probability by a factor within e^±2ε.
   *
   * @param unit of the rounding, {@link StorageRounding#unit}
   */
  static double[] roundedCache(
      double[] qkv, int[] offsets, AttentionSpec spec, float[] bias, double unit) {
    int w = spec.projectionSize();
    double[] magnitudes = qkv.clone();
    for (int token = 0; token < qkv.length; token += w) {
      for (int kv = 0; kv < spec.kvHeads(); kv++) {
        for (int d = 0; d < spec.headSize(); d++) {
          int at = token + spec.valueOffset(kv) + d;
          magnitudes[at] = Math.abs(qkv[at]);
        }
      }
    }
    double[] bounds = attention(magnitudes, offsets, spec, bias).out(); // sums of p·|v|
    for (int row = 0; row + 1 < offsets.length; row++) {
      for (int h = 0; h < spec.heads(); h++) {
        for (int t = offsets[row]; t < offsets[row + 1]; t++) {
          double score = scoreRounding(qkv, offsets, row, h, t, spec, unit);
          for (int d = 0; d < spec.headSize(); d++) {
            bounds[t * spec.outputSize() + h * spec.headSize() + d] *=
                Math.exp(2 * score) * (1 + unit) - 1;
          }
        }
      }
    }
    return bounds;
  }

  /**
   * ε: the most that a score of a token is off by.
   *
   * @param unit of the rounding of keys, or of their products with queries
   */
  static double scoreRounding(
      double[] qkv, int[] offsets, int row, int h, int t, AttentionSpec spec, double unit) {
    int start = offsets[row];
    int w = spec.projectionSize();
    double[] q = rotated(qkv, t * w + spec.queryOffset(h), t - start, spec, 1);
    double most = 0;
    int end = start + spec.endOfKeys(t - start, offsets[row + 1] - start);
    for (int s = start + spec.firstKey(t - start); s < end; s++) {
      double[] k = rotated(qkv, s * w + spec.keyOffset(kv(h, spec)), s - start, spec, 1);
      double magnitudes = 0;
      double squares = 0;
      for (int d = 0; d < q.length; d++) {
        magnitudes += Math.abs(q[d] * k[d]);
        squares += q[d] * k[d] * q[d] * k[d];
      }
      most = Math.max(most, StorageRounding.ofSum(unit, magnitudes, squares));
    }
    return most * spec.scale();
  }

  static double[] attentionBackward(
      double[] dOut, double[] qkv, int[] offsets, AttentionSpec spec, float[] bias) {
    int size = spec.headSize();
    int w = spec.projectionSize();
    double[] dQkv = new double[qkv.length];
    Result forward = attention(qkv, offsets, spec, bias);
    for (int row = 0; row + 1 < offsets.length; row++) {
      int start = offsets[row];
      for (int h = 0; h < spec.heads(); h++) {
        for (int t = start; t < offsets[row + 1]; t++) {
          double[] p = probabilities(qkv, offsets, row, h, t, spec, bias);
          double[] slopes = capSlopes(qkv, offsets, row, h, t, spec);
          int o = t * spec.outputSize() + h * size;
          double delta = 0;
          for (int d = 0; d < size; d++) {
            delta += dOut[o + d] * forward.out()[o + d];
          }
          double[] q = rotated(qkv, t * w + spec.queryOffset(h), t - start, spec, 1);
          double[] dq = new double[size];
          for (int s = 0; s < p.length; s++) {
            int value = (start + s) * w + spec.valueOffset(kv(h, spec));
            int key = (start + s) * w + spec.keyOffset(kv(h, spec));
            double dp = 0;
            for (int d = 0; d < size; d++) {
              dp += dOut[o + d] * qkv[value + d];
              dQkv[value + d] += p[s] * dOut[o + d];
            }
            double ds = p[s] * (dp - delta) * slopes[s] * spec.scale();
            double[] k = rotated(qkv, key, s, spec, 1);
            double[] dk = new double[size];
            for (int d = 0; d < size; d++) {
              dq[d] += ds * k[d];
              dk[d] = ds * q[d];
            }
            add(dQkv, key, rotated(dk, 0, s, spec, -1));
          }
          add(dQkv, t * w + spec.queryOffset(h), rotated(dq, 0, t - start, spec, -1));
        }
      }
    }
    return dQkv;
  }

  private static void add(double[] to, int at, double[] x) {
    for (int d = 0; d < x.length; d++) {
      to[at + d] += x[d];
    }
  }

  private static int kv(int head, AttentionSpec spec) {
    return head / (spec.heads() / spec.kvHeads());
  }

  /** Of every key that a token sees. */
  static double[] probabilities(
      double[] qkv, int[] offsets, int row, int h, int t, AttentionSpec spec, float[] bias) {
    double[] p = scores(qkv, offsets, row, h, t, spec, bias);
    double max = Arrays.stream(p).max().orElseThrow();
    double sum = Arrays.stream(p).map(s -> Math.exp(s - max)).sum();
    return Arrays.stream(p).map(s -> Math.exp(s - max) / sum).toArray();
  }

  /** Of every key up to the last that a token sees; those before its window are not seen. */
  private static double[] scores(
      double[] qkv, int[] offsets, int row, int h, int t, AttentionSpec spec, float[] bias) {
    int position = t - offsets[row];
    ScoreSpec changes = spec.scores();
    double[] scores = products(qkv, offsets, row, h, t, spec);
    for (int s = 0; s < scores.length; s++) {
      if (changes.isCapped()) {
        scores[s] = changes.cap() * Math.tanh(scores[s] / changes.cap());
      }
      if (changes.isSloped()) {
        scores[s] += changes.slopes().get(h) * (s - position);
      }
      if (bias.length > 0) {
        int distances = bias.length / spec.heads();
        int farthest = distances / 2;
        int near = Math.max(-farthest, Math.min(farthest, s - position));
        scores[s] += bias[h * distances + near + farthest];
      }
      if (spec.causal() && position - s >= changes.window()) {
        scores[s] = Double.NEGATIVE_INFINITY;
      }
    }
    return scores;
  }

  /** How much each score grows with the product of query and key. */
  static double[] capSlopes(
      double[] qkv, int[] offsets, int row, int h, int t, AttentionSpec spec) {
    double cap = spec.scores().cap();
    return Arrays.stream(products(qkv, offsets, row, h, t, spec))
        .map(s -> spec.scores().isCapped() ? 1 - Math.pow(Math.tanh(s / cap), 2) : 1)
        .toArray();
  }

  /** Scaled products of a token's query with the keys up to the last that it sees. */
  private static double[] products(
      double[] qkv, int[] offsets, int row, int h, int t, AttentionSpec spec) {
    int start = offsets[row];
    int w = spec.projectionSize();
    double[] q = rotated(qkv, t * w + spec.queryOffset(h), t - start, spec, 1);
    double[] products = new double[spec.causal() ? t - start + 1 : offsets[row + 1] - start];
    for (int s = 0; s < products.length; s++) {
      double[] k = rotated(qkv, (start + s) * w + spec.keyOffset(kv(h, spec)), s, spec, 1);
      for (int d = 0; d < q.length; d++) {
        products[s] += q[d] * k[d] * spec.scale();
      }
    }
    return products;
  }

  /** The head vector at {@code at} turned to {@code position}, or back for direction −1. */
  static double[] rotated(double[] x, int at, int position, AttentionSpec spec, int direction) {
    double[] y = Arrays.copyOfRange(x, at, at + spec.headSize());
    List<Double> frequencies = spec.rotary().frequencies();
    int half = frequencies.size();
    for (int j = 0; j < half; j++) {
      double angle = direction * position * frequencies.get(j);
      double cos = Math.cos(angle) * spec.rotary().magnitude();
      double sin = Math.sin(angle) * spec.rotary().magnitude();
      double first = x[at + j];
      double second = x[at + half + j];
      y[j] = first * cos - second * sin;
      y[half + j] = second * cos + first * sin;
    }
    return y;
  }
}
