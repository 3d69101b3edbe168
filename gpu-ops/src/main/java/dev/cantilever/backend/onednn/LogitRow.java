package dev.cantilever.backend.onednn;

import dev.cantilever.backend.LogitSpec;
import dev.cantilever.memory.HostMemory;

/**
 * One worker's scratch for the distribution of one token: its logits z, shifted by their maximum,
 * and their exponentials.
 */
final class LogitRow {
  /*
   * The vocabulary is walked in blocks of 2048 (two of them fit the first-level cache), whose sums
   * are added in double: a float sum over 50 000 exponentials would cost the log-probability
   * another digit. Blocks begin at fixed places, so the bits depend on the logits alone.
   */
  private static final int BLOCK = 2048;

  private float[] shifted = {}; // [V]
  private float[] exponentials = {}; // [V]
  private float[] slopes = {}; // [V], of the cap
  private boolean capped;
  private int size;
  private float max;
  private double sum;
  private double weighted;

  /**
   * Takes what the head has given for {@code count} tokens from {@code address}.
   *
   * @param spec what is made of it
   * @return whether all of them are finite; if not, nothing else here has a meaning
   */
  boolean read(long address, int count, LogitSpec spec) {
    readLogits(address, count, spec);
    max = VectorMath.max(shifted, 0, count);
    sum = 0;
    weighted = 0;
    for (int from = 0; from < count; from += BLOCK) {
      int length = Math.min(BLOCK, count - from);
      shift(shifted, from, from + length, max);
      sum += VectorMath.expSum(exponentials, from, shifted, from, length, 0, 1);
      weighted += VectorMath.dot(exponentials, from, shifted, from, length);
    }
    // A NaN or an infinity makes a NaN of its own term: ∞ − ∞, or 0·∞ for a logit of −∞.
    return !Double.isNaN(weighted);
  }

  /**
   * The same for logits whose normalizer is known and whose gradient is wanted.
   *
   * @param normalizer where {@link #writeNormalizer} wrote it
   */
  boolean read(long address, int count, LogitSpec spec, long normalizer) {
    readLogits(address, count, spec);
    if (spec.capped()) {
      findSlopes(address, count, spec.cap());
    }
    max = (float) HostMemory.getDouble(normalizer);
    sum = HostMemory.getDouble(normalizer + Double.BYTES);
    boolean finite = true;
    for (int from = 0; from < count; from += BLOCK) {
      int length = Math.min(BLOCK, count - from);
      shift(shifted, from, from + length, max);
      VectorMath.exp(exponentials, from, shifted, from, length);
      finite &= Float.isFinite(VectorMath.dot(exponentials, from, shifted, from, length));
    }
    return finite;
  }

  private void readLogits(long address, int count, LogitSpec spec) {
    size = count;
    capped = spec.capped();
    shifted = AttentionHead.grown(shifted, count);
    exponentials = AttentionHead.grown(exponentials, count);
    HostMemory.get(address, shifted, 0, count);
    if (capped) {
      VectorMath.softcap(shifted, shifted, count, spec.cap());
    }
    if (spec.scale() != 1) {
      for (int v = 0; v < count; v++) {
        shifted[v] *= spec.scale();
      }
    }
  }

  /** 1 − tanh²(x/cap). */
  private void findSlopes(long address, int count, float cap) {
    slopes = AttentionHead.grown(slopes, count);
    HostMemory.get(address, slopes, 0, count);
    for (int v = 0; v < count; v++) {
      slopes[v] /= cap;
    }
    VectorMath.tanh(slopes, slopes, count);
    for (int v = 0; v < count; v++) {
      slopes[v] = Math.fma(-slopes[v], slopes[v], 1f);
    }
  }

  private static void shift(float[] x, int from, int to, float by) {
    for (int i = from; i < to; i++) {
      x[i] -= by;
    }
  }

  /** log p(token), in nats. */
  float logprob(int token) {
    return (float) (shifted[token] - Math.log(sum));
  }

  /** −Σ p·log p, in nats: the log-sum-exp less the mean logit. */
  float entropy() {
    return (float) (Math.log(sum) - weighted / sum);
  }

  /** Writes the largest logit, and the sum of exponentials relative to it, as two doubles. */
  void writeNormalizer(long address) {
    HostMemory.putDouble(address, max);
    HostMemory.putDouble(address + Double.BYTES, sum);
  }

  /**
   * Writes {@code factor·(onehot(target) − p)}, times the slope of the cap where there is one, to
   * {@code address}; this row is spent.
   *
   * @param factor what the gradient of log p(target) is multiplied by
   */
  void writeGradient(long address, int target, float factor) {
    float share = (float) (-factor / sum);
    for (int v = 0; v < size; v++) {
      exponentials[v] *= share;
    }
    exponentials[target] += factor;
    if (capped) {
      for (int v = 0; v < size; v++) {
        exponentials[v] *= slopes[v];
      }
    }
    HostMemory.put(address, exponentials, 0, size);
  }

  /** Σ p·(log p − log q) with q the other row's distribution, in nats; the other row is spent. */
  float divergence(LogitRow other) {
    float[] ratios = other.shifted;
    float normalizer = (float) (Math.log(sum) - Math.log(other.sum));
    double total = 0;
    for (int from = 0; from < size; from += BLOCK) {
      int length = Math.min(BLOCK, size - from);
      for (int v = from; v < from + length; v++) {
        ratios[v] = (shifted[v] - ratios[v]) - normalizer;
      }
      total += VectorMath.dot(exponentials, from, ratios, from, length);
    }
    return (float) (total / sum);
  }
}
