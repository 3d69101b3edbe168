package dev.cantilever.draw;

/**
 * What a draw is for. Two streams of one seed are independent of each other.
 *
 * <p>The numbers are part of what a run means and are never reused or renumbered.
 */
public enum Stream {
  /** Train or test, per document. */
  SPLIT(1),
  /** How many tokens of a document make its query. */
  QUERY_LENGTH(2),
  /** The order of the documents within an epoch; the lane is the epoch. */
  QUERY_ORDER(3),
  /** Which documents are the fixed evaluation prompts. */
  EVALUATION(4),
  /** How many tokens a response may have; drawn per query of a step. */
  RESPONSE_LENGTH(5),
  /** The order of rows in supervised fine-tuning, and the keys of its dropout. */
  FINE_TUNING(6),
  /** How many tokens of a row an encoder reads in supervised fine-tuning. */
  PREFIX_LENGTH(7);

  private final int number;

  Stream(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }
}
