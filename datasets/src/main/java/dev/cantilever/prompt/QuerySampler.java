package dev.cantilever.prompt;

import dev.cantilever.draw.KeyedDraw;
import dev.cantilever.draw.Stream;
import dev.cantilever.text.DatasetException;
import java.io.Serializable;
import java.util.Arrays;

/**
 * Makes a document's query: its first n token ids, n uniform over {minTokens, ..., maxTokens}, both
 * INCLUSIVE.
 *
 * <p>trl's {@code LengthSampler(2, 8)}, which the sentiment scripts use, draws from {2, ..., 7}:
 * its upper bound is exclusive. Its counterpart here is {@code maxTokens} 7. The draw is made once
 * per document, as there, and depends on the seed and the document's id only.
 *
 * @param seed the run's seed
 * @param minTokens the fewest tokens of a query, at least 1
 * @param maxTokens the most tokens of a query
 */
public record QuerySampler(long seed, int minTokens, int maxTokens) implements Serializable {

  /** Checks the range. */
  public QuerySampler {
    if (minTokens < 1 || maxTokens < minTokens) {
      throw new DatasetException(
          "query length",
          "1 <= min_tokens <= max_tokens",
          "min_tokens " + minTokens + " and max_tokens " + maxTokens,
          "Correct the two settings; both bounds are inclusive");
    }
  }

  /**
   * The drawn length for a document, whether or not it has so many tokens.
   *
   * @param documentId its id
   * @return from minTokens to maxTokens
   */
  public int length(String documentId) {
    int choices = Math.addExact(maxTokens - minTokens, 1);
    return minTokens + new KeyedDraw(seed, Stream.QUERY_LENGTH).below(documentId, choices);
  }

  /**
   * Whether a document is long enough to make a query.
   *
   * @param tokens how many ids it has
   * @return whether it has at least minTokens
   */
  public boolean accepts(int tokens) {
    return tokens >= minTokens;
  }

  /**
   * The query of a document: its first {@link #length} ids, or all of them if it has fewer.
   *
   * @param documentId its id
   * @param tokens its ids; unchanged
   * @return a new array of at least minTokens ids
   * @throws DatasetException if {@link #accepts} does not hold
   */
  public int[] query(String documentId, int[] tokens) {
    if (!accepts(tokens.length)) {
      throw new DatasetException(
          "document " + documentId,
          "at least " + minTokens + " tokens to make a query of",
          tokens.length + " tokens",
          "Leave out documents that accepts() refuses, or lower min_tokens");
    }
    return Arrays.copyOf(tokens, Math.min(length(documentId), tokens.length));
  }
}
