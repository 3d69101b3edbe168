package dev.cantilever.draw;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Random numbers of one seed and one stream, addressed by an identity and a lane.
 *
 * <p>The Philox key is the seed (low word first); the counter is (lane, stream, low and high word
 * of the identity's 64-bit digest). The digest is the first eight bytes, big-endian, of the SHA-256
 * of the identity's UTF-8 form. Two identities that share a digest would share their draws: with a
 * million documents the chance that any two do is below 3e-8, and the result is still valid.
 *
 * @param seed the run's seed
 * @param stream what the numbers are for
 */
public record KeyedDraw(long seed, Stream stream) {

  private static final double TWO_TO_MINUS_53 = 0x1.0p-53;

  /**
   * The 64-bit digest by which an identity enters the counter; keep it where one identity is drawn
   * for often.
   *
   * @param identity any text, usually a document id
   * @return the first eight bytes of its SHA-256
   */
  public static long digest(String identity) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(identity.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(hash).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /**
   * Sixty-four random bits.
   *
   * @param digest of the identity, from {@link #digest}
   * @param lane which of the identity's draws, any number
   * @return the first two Philox words, the first as the low half
   */
  public long bits(long digest, int lane) {
    int[] words =
        Philox.block(
            lane,
            stream.number(),
            (int) digest,
            (int) (digest >>> 32),
            (int) seed,
            (int) (seed >>> 32));
    return (words[0] & 0xFFFFFFFFL) | ((long) words[1] << 32);
  }

  /**
   * A uniform number in [0, 1) with 53 random bits, lane 0.
   *
   * @param identity the document id
   * @return the draw
   */
  public double uniform(String identity) {
    return (bits(digest(identity), 0) >>> 11) * TWO_TO_MINUS_53;
  }

  /**
   * A uniform integer in [0, bound), lane 0: the high half of the product of the 64 bits and the
   * bound. No value's chance differs from 1 / bound by more than 2^-64.
   *
   * @param identity the document id
   * @param bound exclusive, at least 1
   * @return the draw
   * @throws IllegalArgumentException if the bound is below 1
   */
  public int below(String identity, int bound) {
    if (bound < 1) {
      throw new IllegalArgumentException(
          "Expected a bound of at least 1, found " + bound + "; give the number of choices.");
    }
    long bits = bits(digest(identity), 0);
    // High 64 bits of the unsigned product bits * bound, in two 32-bit halves.
    long low = (bits & 0xFFFFFFFFL) * bound;
    long high = (bits >>> 32) * bound;
    return (int) ((high + (low >>> 32)) >>> 32);
  }
}
