package dev.cantilever.row;

/**
 * A row of tokens packed for supervised fine-tuning.
 *
 * @param rowId position of the row in its split
 * @param split which part of the data set it belongs to
 * @param ids the token ids
 */
public record TokenRow(long rowId, Split split, IntSequence ids) {

  /** Checks the id. */
  public TokenRow {
    Checks.notNegative("TokenRow", "rowId", rowId);
  }
}
