package dev.cantilever.backend.onednn;

import dev.cantilever.backend.SamplingSpec;
import java.util.Arrays;

/**
 * Choice of one token from a row of logits; holds the scratch of one task.
 *
 * <p>Top-k comes before top-p, and top-p looks at the distribution renormalised over what top-k
 * kept, as the logits warpers of transformers do; but of tokens that tie at the border of top-k the
 * lower ids stay and no more than k are kept.
 */
final class TokenDraw {

  /*
   * The weights exp((x − max)/T) are summed in blocks; the draw first finds its block by the sums,
   * then its token within the block. Adding a row of 50 000 one by one in double would cost more
   * than the exponentials.
   */
  private static final int BLOCK = 256;

  private final int vocabulary;
  private final SamplingSpec spec;
  private final float inverseTemperature;
  private final float[] weights; // [V]
  private final float[] blocks;

  TokenDraw(int vocabulary, SamplingSpec spec) {
    this.vocabulary = vocabulary;
    this.spec = spec;
    // A temperature so small that its inverse overflows is as good as the largest inverse.
    this.inverseTemperature =
        spec.temperature() == 0 ? 1f : Math.min(1f / spec.temperature(), Float.MAX_VALUE);
    this.weights = new float[vocabulary];
    this.blocks = new float[(vocabulary + BLOCK - 1) / BLOCK];
  }

  /** A token and its log-probability before top-k and top-p. */
  record Choice(int token, float logprob) {}

  /**
   * Chooses.
   *
   * @param logits [V], the largest of them finite
   * @param max the largest of them
   * @param uniform the draw, in [0, 1)
   */
  Choice choose(float[] logits, float max, double uniform) {
    VectorMath.expSum(weights, 0, logits, 0, vocabulary, max, inverseTemperature);
    double total = sumBlocks();
    int token;
    if (spec.temperature() == 0) {
      token = firstOf(logits, max);
    } else {
      token = draw(filter(logits, total) ? sumBlocks() : total, uniform);
    }
    double scaled = (logits[token] - max) * inverseTemperature;
    return new Choice(token, (float) (scaled - StrictMath.log(total)));
  }

  private static int firstOf(float[] logits, float max) {
    int token = 0;
    while (logits[token] != max) {
      token++;
    }
    return token;
  }

  private double sumBlocks() {
    double total = 0;
    for (int b = 0; b < blocks.length; b++) {
      int from = b * BLOCK;
      blocks[b] = VectorMath.sum(weights, from, Math.min(BLOCK, vocabulary - from));
      total += blocks[b];
    }
    return total;
  }

  /** The first token at which the running sum of weights passes uniform·total. */
  private int draw(double total, double uniform) {
    double target = uniform * total;
    double passed = 0;
    int last = 0; // the last token of positive weight: rounding may leave the sum below the target
    for (int b = 0; b < blocks.length; b++) {
      boolean inside = passed + blocks[b] > target;
      if (inside || b == blocks.length - 1) {
        int to = Math.min((b + 1) * BLOCK, vocabulary);
        for (int token = b * BLOCK; token < to; token++) {
          passed += weights[token];
          if (weights[token] > 0) {
            last = token;
            if (passed > target) {
              return token;
            }
          }
        }
        if (inside) {
          return last;
        }
      } else {
        passed += blocks[b];
        last = blocks[b] > 0 ? lastPositive(b) : last;
      }
    }
    return last;
  }

  private int lastPositive(int block) {
    int token = (block + 1) * BLOCK - 1;
    while (weights[token] == 0) {
      token--;
    }
    return token;
  }

  /**
   * Zeroes the weights of tokens outside top-k and top-p; false if there is nothing to leave out.
   */
  private boolean filter(float[] logits, double total) {
    boolean topK = spec.topK() > 0 && spec.topK() < vocabulary;
    boolean topP = spec.topP() < 1;
    if (!topK && !topP) {
      return false;
    }
    // Tokens so improbable that all of them together stay below (1 − p)/2 cannot be in the nucleus.
    double floor = topK ? 0 : (1 - (double) spec.topP()) * total / (2.0 * vocabulary);
    long[] ranked = new long[vocabulary];
    int kept = 0;
    for (int token = 0; token < vocabulary; token++) {
      if (weights[token] >= floor) {
        ranked[kept++] = rank(logits[token], token);
      }
    }
    if (topK) {
      kept = Math.min(kept, spec.topK());
      selectSmallest(ranked, vocabulary, kept);
    }
    if (topP) {
      Arrays.sort(ranked, 0, kept);
      kept = nucleus(ranked, kept, topK ? sumOf(ranked, kept) : total);
    }
    float[] all = weights.clone();
    Arrays.fill(weights, 0f);
    for (int i = 0; i < kept; i++) {
      weights[(int) ranked[i]] = all[(int) ranked[i]];
    }
    return true;
  }

  /** A key that sorts by falling logit, then by rising id, and holds the id in its low half. */
  private static long rank(float logit, int token) {
    int bits = Float.floatToIntBits(logit + 0f); // minus zero becomes zero
    int ascending = bits ^ ((bits >> 31) & 0x7fffffff);
    return (long) ~ascending << 32 | token;
  }

  private double sumOf(long[] ranked, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += weights[(int) ranked[i]];
    }
    return sum;
  }

  /** How many of the ranked tokens it takes to reach p of {@code total}; at least one. */
  private int nucleus(long[] ranked, int count, double total) {
    double target = spec.topP() * total;
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += weights[(int) ranked[i]];
      if (sum >= target) {
        return i + 1;
      }
    }
    return count;
  }

  /** Reorders so that the {@code k} smallest come first, in no order (Hoare 1961, "Find"). */
  private static void selectSmallest(long[] values, int count, int k) {
    int low = 0;
    int high = count - 1;
    while (low < high) {
      long pivot = values[(low + high) >>> 1];
      int i = low;
      int j = high;
      while (i <= j) {
        while (values[i] < pivot) {
          i++;
        }
        while (values[j] > pivot) {
          j--;
        }
        if (i <= j) {
          long swapped = values[i];
          values[i++] = values[j];
          values[j--] = swapped;
        }
      }
      if (k - 1 <= j) {
        high = j;
      } else if (k - 1 >= i) {
        low = i;
      } else {
        return;
      }
    }
  }
}
