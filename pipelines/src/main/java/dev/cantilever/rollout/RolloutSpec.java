package dev.cantilever.rollout;

import java.io.Serializable;

/**
 * The section {@code rollout}: what is asked, and how a response is drawn. Lengths are in tokens,
 * drawn uniformly for each query; all bounds are inclusive.
 *
 * @param queryMinTokens shortest query
 * @param queryMaxTokens longest query
 * @param responseMinTokens least length at which a response ends, unless it ends its text before
 * @param responseMaxTokens greatest length at which a response ends
 * @param endOfText whether the tokenizer's end-of-text token ends a response; it is kept
 * @param temperature divides the logits, in sampling, in scoring and in training alike; above 0
 * @param batchRows rows that are generated and scored together: the unit of work that spreads
 * @param maxRows most rows in the KV cache at once; those of a larger batch wait for their places,
 *     and a plan may lower it
 */
public record RolloutSpec(
    int queryMinTokens,
    int queryMaxTokens,
    int responseMinTokens,
    int responseMaxTokens,
    boolean endOfText,
    double temperature,
    int batchRows,
    int maxRows)
    implements Serializable {

  /**
   * The seed's lengths, 2 to 7 and 4 to 15 (its samplers' upper bounds are exclusive); a response
   * ends with its text; 64 rows a batch.
   */
  public static RolloutSpec defaults() {
    return new RolloutSpec(2, 7, 4, 15, true, 1, 64, 64);
  }

  /** Checks the ranges. */
  public RolloutSpec {
    requireRange("query", queryMinTokens, queryMaxTokens);
    requireRange("response", responseMinTokens, responseMaxTokens);
    if (!(temperature > 0) || Double.isInfinite(temperature)) {
      throw new IllegalArgumentException("expected temperature above 0, got " + temperature);
    }
    if (batchRows < 1 || maxRows < 1) {
      throw new IllegalArgumentException(
          "expected batch_rows and max_rows of at least 1, got " + batchRows + " and " + maxRows);
    }
  }

  /** Most tokens that a query and its response can have together. */
  public int longestRow() {
    return Math.addExact(queryMaxTokens, responseMaxTokens);
  }

  private static void requireRange(String what, int min, int max) {
    if (min < 1 || max < min) {
      throw new IllegalArgumentException(
          "expected 1 <= "
              + what
              + "_min_tokens <= "
              + what
              + "_max_tokens, got "
              + min
              + " and "
              + max);
    }
  }
}
