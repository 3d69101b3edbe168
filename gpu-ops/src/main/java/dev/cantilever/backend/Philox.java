package dev.cantilever.backend;

/**
 * Philox4x32-10, a counter-based generator of random bits (Salmon, Moraes, Dror and Shaw 2011,
 * "Parallel random numbers: as easy as 1, 2, 3", section 4.1; equal to Random123's known answers).
 *
 * <p>A key of 64 bits and a counter of 128 bits give 128 random bits; there is no state, so a draw
 * depends on what it is for and not on what was drawn before.
 */
public final class Philox {

  private static final long MULTIPLIER_0 = 0xD2511F53L;
  private static final long MULTIPLIER_1 = 0xCD9E8D57L;
  private static final int WEYL_0 = 0x9E3779B9; // golden ratio
  private static final int WEYL_1 = 0xBB67AE85; // root of 3, less one
  private static final int ROUNDS = 10;
  private static final long LOW = 0xFFFFFFFFL;

  private Philox() {}

  /**
   * Writes the four words of one counter to {@code out} at {@code at}.
   *
   * @param key the low half is the first key word, the high half the second
   */
  public static void words(int[] out, int at, long key, int c0, int c1, int c2, int c3) {
    int k0 = (int) key;
    int k1 = (int) (key >>> 32);
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = MULTIPLIER_0 * (c0 & LOW);
      long product1 = MULTIPLIER_1 * (c2 & LOW);
      int next0 = (int) (product1 >>> 32) ^ c1 ^ k0;
      int next2 = (int) (product0 >>> 32) ^ c3 ^ k1;
      c0 = next0;
      c1 = (int) product1;
      c2 = next2;
      c3 = (int) product0;
      k0 += WEYL_0;
      k1 += WEYL_1;
    }
    out[at] = c0;
    out[at + 1] = c1;
    out[at + 2] = c2;
    out[at + 3] = c3;
  }

  /**
   * A key for one use of a run's seed, so that uses never share a sequence: the first two words of
   * counter {@code stream} under key {@code seed}.
   *
   * @param stream names the use
   */
  public static long key(long seed, long stream) {
    int[] out = new int[4];
    words(out, 0, seed, (int) stream, (int) (stream >>> 32), 0, 0x6B6579);
    return (out[0] & LOW) | (long) out[1] << 32;
  }

  /** A number in [0, 1), a multiple of 2^-24, from the upper bits of a word. */
  public static float uniform(int word) {
    return (word >>> 8) * 0x1p-24f;
  }

  /** A number in [0, 1), a multiple of 2^-53, from two words. */
  public static double uniform(int high, int low) {
    return ((high & LOW) << 21 | (low & LOW) >>> 11) * 0x1p-53;
  }

  /**
   * Fills {@code target} with independent uniform numbers in [low, high); element i depends on the
   * key and i alone.
   */
  public static void fillUniform(float[] target, long key, float low, float high) {
    int[] words = new int[4];
    for (int i = 0; i < target.length; i++) {
      if (i % 4 == 0) {
        words(words, 0, key, i / 4, 0, 0, 0);
      }
      float value = (float) (low + (double) uniform(words[i % 4]) * ((double) high - low));
      target[i] = value < high ? value : Math.nextDown(high);
    }
  }

  /**
   * Fills {@code target} with independent normal numbers (Box and Muller 1958); element i depends
   * on the key and i alone.
   */
  public static void fillNormal(float[] target, long key, double mean, double deviation) {
    int[] words = new int[4];
    for (int i = 0; i < target.length; i++) {
      words(words, 0, key, i, 1, 0, 0);
      // 1 − u is in (0, 1], so the logarithm is finite.
      double radius = Math.sqrt(-2 * StrictMath.log(1 - uniform(words[0], words[1])));
      double angle = 2 * Math.PI * uniform(words[2], words[3]);
      target[i] = (float) (mean + deviation * radius * StrictMath.cos(angle));
    }
  }
}
