package dev.cantilever.ppo;

/**
 * What an update holds fixed while the policy moves, over the same response tokens.
 *
 * @param logprobs old log-probabilities of the sampled tokens
 * @param values old value predictions
 * @param advantages whitened advantages
 * @param returns targets of the value head
 */
public record UpdateRows(
    TokenRows logprobs, TokenRows values, TokenRows advantages, TokenRows returns) {

  /**
   * @throws PpoException if the four do not cover the same tokens
   */
  public UpdateRows {
    logprobs.requireSameRows(values);
    logprobs.requireSameRows(advantages);
    logprobs.requireSameRows(returns);
  }

  /** Some of the rows, in the order asked for. */
  public UpdateRows select(int[] rowIndices) {
    return new UpdateRows(
        logprobs.select(rowIndices),
        values.select(rowIndices),
        advantages.select(rowIndices),
        returns.select(rowIndices));
  }

  /** Number of tokens: the normaliser of a mini-batch made of these rows. */
  public int tokens() {
    return logprobs.tokens();
  }
}
