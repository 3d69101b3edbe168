package dev.cantilever.finetune;

import dev.cantilever.row.TokenRow;
import java.util.List;

/** A number of the training is not finite. The message names it, the step and the rows. */
final class DivergedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private static final int SHOWN_ROWS = 16;

  private DivergedException(String message) {
    super(message);
  }

  /**
   * Lets finite numbers pass.
   *
   * @param when for example {@code "at step 3"}
   */
  static void requireFinite(String what, double value, String when, List<TokenRow> rows) {
    if (!Double.isFinite(value)) {
      List<Long> ids = rows.stream().limit(SHOWN_ROWS).map(TokenRow::rowId).toList();
      throw new DivergedException(
          "Fine-tuning: expected a finite "
              + what
              + ", found "
              + value
              + " "
              + when
              + ", rows "
              + ids
              + (rows.size() > SHOWN_ROWS ? " and " + (rows.size() - SHOWN_ROWS) + " more" : "")
              + ". Nothing was published; lower sft.learning_rate, or look at these rows.");
    }
  }
}
