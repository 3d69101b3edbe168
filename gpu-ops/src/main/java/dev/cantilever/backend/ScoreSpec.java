package dev.cantilever.backend;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What happens to a score between the scaled product of query and key and the softmax, in this
 * order: s ← cap·tanh(s/cap), as in Gemma 2; s ← s + slope·(key position − query position) with a
 * slope for each head (ALiBi, Press et al. 2022); s ← s + the bias of its head and distance (T5,
 * Raffel et al. 2020). With a window, the keys before it are not seen.
 *
 * @param cap bound of the scores' magnitude; {@link #NO_CAP} for none
 * @param slopes [H], or empty for none
 * @param window how many keys a causal token sees at most, its own being the last of them; {@link
 *     #ALL_KEYS} for all
 * @param bias what is added for the distance of a key, or empty for nothing
 */
public record ScoreSpec(float cap, List<Float> slopes, int window, Optional<DistanceBias> bias) {

  /** Of scores that are as large as they are. */
  public static final float NO_CAP = Float.POSITIVE_INFINITY;

  /** Of tokens that see everything before them. */
  public static final int ALL_KEYS = Integer.MAX_VALUE;

  /** Scores as the product gives them. */
  public static final ScoreSpec PLAIN =
      new ScoreSpec(NO_CAP, List.of(), ALL_KEYS, Optional.empty());

  /** Without a bias. */
  public ScoreSpec(float cap, List<Float> slopes, int window) {
    this(cap, slopes, window, Optional.empty());
  }

  /** Copies the list and checks the numbers. */
  public ScoreSpec {
    slopes = List.copyOf(slopes);
    if (!(cap > 0) || window < 1 || !slopes.stream().allMatch(Float::isFinite)) {
      throw new IllegalArgumentException(
          "Expected a positive cap, finite slopes and a window of at least one key, got cap=%s, slopes=%s, window=%d"
              .formatted(cap, slopes, window));
    }
  }

  /** Only bounded. */
  public static ScoreSpec capped(float cap) {
    return new ScoreSpec(cap, List.of(), ALL_KEYS);
  }

  /** Only within a window. */
  public static ScoreSpec windowed(int window) {
    return new ScoreSpec(NO_CAP, List.of(), window);
  }

  /**
   * Only with ALiBi's slopes: for a power of two of heads the n-th power of 2^(−8/H), n from 1 on;
   * else those of the power of two below, followed by every other one of twice as many heads (as
   * transformers' {@code build_alibi_tensor}).
   */
  public static ScoreSpec alibi(int heads) {
    int whole = Integer.highestOneBit(heads);
    return new ScoreSpec(
        NO_CAP,
        IntStream.range(0, heads)
            .mapToObj(
                h ->
                    (float)
                        (h < whole ? slope(whole, h + 1) : slope(2 * whole, 2 * (h - whole) + 1)))
            .toList(),
        ALL_KEYS);
  }

  private static double slope(int heads, int n) {
    return StrictMath.pow(2, -8.0 * n / heads);
  }

  /** The same within another window. */
  public ScoreSpec withWindow(int keys) {
    return new ScoreSpec(cap, slopes, keys, bias);
  }

  /** The same with a bias added in the end. */
  public ScoreSpec withBias(DistanceBias added) {
    return new ScoreSpec(cap, slopes, window, Optional.of(added));
  }

  /** Whether scores are bounded. */
  public boolean isCapped() {
    return cap != NO_CAP;
  }

  /** Whether scores fall evenly with how far a key is away. */
  public boolean isSloped() {
    return !slopes.isEmpty();
  }

  /** Whether each distance of a key has a number that is added to scores. */
  public boolean isBiased() {
    return bias.isPresent();
  }

  /** Whether there are keys before the first that is seen. */
  public boolean isWindowed() {
    return window != ALL_KEYS;
  }

  /** The first key that a causal token at a position sees. */
  public int firstKey(int position) {
    return Math.max(0, position - window + 1);
  }

  /** Behind the last token, of those before {@code end}, that sees the key at a position. */
  public int endOfTokens(int key, int end) {
    return (int) Math.min(end, (long) key + window);
  }
}
