package dev.cantilever.model;

/**
 * One response.
 *
 * @param tokens its ids, the token that ended it included
 * @param logprobs log-probability of each under the law it was drawn from, before top-k and top-p
 * @param end why it ended
 */
public record Generation(int[] tokens, float[] logprobs, End end) {

  /** Why a response ended. */
  public enum End {
    /** At an end-of-text token. */
    END_OF_TEXT,
    /** At a stop token. */
    STOP_TOKEN,
    /** At its length. */
    LENGTH
  }
}
