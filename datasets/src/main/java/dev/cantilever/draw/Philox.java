package dev.cantilever.draw;

/**
 * The counter-based generator Philox4x32-10: a keyed bijection from a 128-bit counter to 128 random
 * bits.
 *
 * <p>Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy
 * as 1, 2, 3", SC 2011, section 3.3 and the known-answer vectors of the authors' Random123 library,
 * which the tests hold this class to.
 */
public final class Philox {

  private static final int ROUNDS = 10;
  private static final long MULTIPLIER_0 = 0xD2511F53L;
  private static final long MULTIPLIER_1 = 0xCD9E8D57L;
  // Weyl increments of the key: the golden ratio and sqrt(3) - 1, as 32-bit fractions.
  private static final int KEY_STEP_0 = 0x9E3779B9;
  private static final int KEY_STEP_1 = 0xBB67AE85;
  private static final long LOW_32 = 0xFFFFFFFFL;

  private Philox() {}

  /**
   * The four 32-bit words that belong to a counter under a key.
   *
   * @param counter0 first counter word, the least significant
   * @param counter1 second counter word
   * @param counter2 third counter word
   * @param counter3 fourth counter word
   * @param key0 first key word
   * @param key1 second key word
   * @return four words, in the order of the reference implementation
   */
  public static int[] block(
      int counter0, int counter1, int counter2, int counter3, int key0, int key1) {
    int x0 = counter0;
    int x1 = counter1;
    int x2 = counter2;
    int x3 = counter3;
    int k0 = key0;
    int k1 = key1;
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = MULTIPLIER_0 * (x0 & LOW_32);
      long product1 = MULTIPLIER_1 * (x2 & LOW_32);
      int y0 = (int) (product1 >>> 32) ^ x1 ^ k0;
      int y1 = (int) product1;
      int y2 = (int) (product0 >>> 32) ^ x3 ^ k1;
      int y3 = (int) product0;
      x0 = y0;
      x1 = y1;
      x2 = y2;
      x3 = y3;
      k0 += KEY_STEP_0;
      k1 += KEY_STEP_1;
    }
    return new int[] {x0, x1, x2, x3};
  }
}
