package dev.cantilever.backend.onednn;

import dev.cantilever.backend.Philox;

/**
 * Elements of random tensors by their index: element e takes the word {@code e mod 4} of
 * Philox4x32-10 at counter (low and high half of ⌊e/4⌋, stream, 0).
 */
final class RandomElements {

  private static final int INTEGER_STREAM = 2;
  private static final int UNIFORM_STREAM = 3;
  private static final int WORDS = 4;
  private static final int LARGEST = 127;

  private RandomElements() {}

  /**
   * Whole numbers uniform in −127..127, as {@link dev.cantilever.backend.MatmulOps#randomInt8}.
   *
   * @param from index of the first element, a multiple of 4
   */
  static void integers(byte[] target, long from, int count, long key) {
    int[] words = new int[WORDS];
    for (int i = 0; i < count; i++) {
      if (i % WORDS == 0) {
        draw(words, from + i, INTEGER_STREAM, key);
      }
      long scaled = Integer.toUnsignedLong(words[i % WORDS]) * (2 * LARGEST + 1);
      target[i] = (byte) ((scaled >>> 32) - LARGEST);
    }
  }

  /**
   * Numbers uniform in [−bound, bound], as {@link dev.cantilever.backend.Transfers#fillUniform}.
   *
   * @param from index of the first element, a multiple of 4
   */
  static void uniforms(float[] target, long from, int count, float bound, long key) {
    int[] words = new int[WORDS];
    for (int i = 0; i < count; i++) {
      if (i % WORDS == 0) {
        draw(words, from + i, UNIFORM_STREAM, key);
      }
      // 2u − 1 is a multiple of 2^-23 in [−1, 1): exact, so that the product is the one rounding.
      target[i] = bound * (2 * Philox.uniform(words[i % WORDS]) - 1);
    }
  }

  private static void draw(int[] words, long element, int stream, long key) {
    long quad = element / WORDS;
    Philox.words(words, 0, key, (int) quad, (int) (quad >>> 32), stream, 0);
  }
}
