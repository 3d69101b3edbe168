package dev.cantilever.finetune;

import dev.cantilever.backend.NotFiniteException;
import dev.cantilever.row.TokenRow;
import java.util.List;

/** A number of the training is not finite. The message names it, the step and the rows. */
final class DivergedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private static final int SHOWN_ROWS = 16;

  /**
   * Makes the message.
   *
   * @param when for example {@code "at step 3"}
   * @param rows those that went through the model
   * @param what what was expected and found, and what to do
   */
  DivergedException(String when, List<TokenRow> rows, String what) {
    super(
        "Fine-tuning "
            + when
            + ", rows "
            + rows.stream().limit(SHOWN_ROWS).map(TokenRow::rowId).toList()
            + (rows.size() > SHOWN_ROWS ? " and " + (rows.size() - SHOWN_ROWS) + " more" : "")
            + ": "
            + what
            + " Nothing is published.");
  }

  /** Makes the message of what an operation met. */
  static DivergedException of(String when, List<TokenRow> rows, NotFiniteException cause) {
    DivergedException diverged =
        new DivergedException(when, rows, String.valueOf(cause.getMessage()));
    diverged.initCause(cause);
    return diverged;
  }

  /** Lets finite numbers pass. */
  static void requireFinite(String name, double value, String when, List<TokenRow> rows) {
    if (!Double.isFinite(value)) {
      throw new DivergedException(
          when,
          rows,
          "expected a finite "
              + name
              + ", found "
              + value
              + ". Lower sft.learning_rate, or look at these rows.");
    }
  }
}
