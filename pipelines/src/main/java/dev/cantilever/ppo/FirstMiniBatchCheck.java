package dev.cantilever.ppo;

/**
 * The identities that hold to the bit before the first optimiser step, asserted in every run: RLHF
 * trains to something plausible under most faults, and these show the faults at once.
 */
public final class FirstMiniBatchCheck {
  private FirstMiniBatchCheck() {}

  /**
   * In the first mini-batch of a step's first epoch nothing has moved: new and old log-probability
   * are the same forward pass, and every ratio is exactly 1.
   *
   * @param logprobs old log-probabilities of the mini-batch's rows
   * @param newLogprobs those of the gradient pass
   * @throws PpoException naming the first token that differs and what makes such differences
   */
  public static void requireRatioOne(TokenRows logprobs, TokenRows newLogprobs) {
    logprobs.requireSameRows(newLogprobs);
    TokenRows gap = newLogprobs.zip("log ratio", logprobs, (now, before) -> now - before);
    requireZero(
        gap,
        "ratio: expected exactly 1 at every token of the first mini-batch of the first epoch",
        "the gradient pass is not the pass that made the old log-probabilities; look for dropout"
            + " left on, other adapters or int8 mode, a temperature, or a sum whose order depends"
            + " on the rows beside it");
  }

  /**
   * At the first step of a fresh adapter, policy and reference are the same model: every KL term is
   * exactly 0.
   *
   * @param klTerms k_t of the batch under any penalty
   * @throws PpoException naming the first token that differs and what makes such differences
   */
  public static void requireFreshAdapterKlZero(TokenRows klTerms) {
    requireZero(
        klTerms,
        "KL: expected exactly 0 at every token under a fresh adapter",
        "policy and reference are not the same model; look for an adapter whose B is not zero, a"
            + " reference with the wrong set of adapters, dropout left on, or a sum whose order"
            + " depends on the rows beside it");
  }

  private static void requireZero(TokenRows gap, String expected, String diagnosis) {
    int differing = 0;
    double largest = 0;
    String first = "";
    for (int row = 0; row < gap.rows(); row++) {
      for (int token = 0; token < gap.length(row); token++) {
        double value = gap.get(row, token);
        if (value != 0) {
          if (differing == 0) {
            first = "row " + row + " token " + token + " (" + gap.name() + " " + value + ")";
          }
          differing++;
          largest = Math.max(largest, Math.abs(value));
        }
      }
    }
    if (differing > 0) {
      throw new PpoException(
          expected
              + ", found "
              + differing
              + " of "
              + gap.tokens()
              + " tokens off by up to "
              + largest
              + ", the first at "
              + first
              + "; "
              + diagnosis);
    }
  }
}
