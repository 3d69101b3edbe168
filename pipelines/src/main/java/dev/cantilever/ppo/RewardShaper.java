package dev.cantilever.ppo;

/** Per-token rewards: a KL penalty at every token, the score at the last (trl compute_rewards). */
public final class RewardShaper {
  private RewardShaper() {}

  /**
   * k_t from the log-probabilities of the sampled tokens.
   *
   * @param penalty any but {@link KlPenalty#FULL}, whose terms come from the forward pass
   * @throws PpoException for FULL, or if the two do not cover the same tokens
   */
  public static TokenRows klTerms(KlPenalty penalty, TokenRows logprobs, TokenRows refLogprobs) {
    return logprobs.zip("kls", refLogprobs, penalty::term);
  }

  /**
   * {@code r_t = -β·k_t}, plus the score where t is the row's last response token.
   *
   * @param klCoefficient β, 0 or more
   * @param klTerms k_t
   * @param scores shaped scores, [rows]
   * @throws PpoException if there is not one finite score per row
   */
  public static ShapedRewards shape(double klCoefficient, TokenRows klTerms, double[] scores) {
    PpoException.requireNotNegative("kl coefficient", klCoefficient);
    ScoreShaper.requireFinite("scores", scores);
    if (scores.length != klTerms.rows()) {
      throw new PpoException(
          "scores: expected one per row of "
              + klTerms
              + ", found "
              + scores.length
              + "; score every response of the batch");
    }
    TokenRows nonScore = klTerms.map("non_score_rewards", k -> -klCoefficient * k);
    double[] rewards = nonScore.values();
    for (int row = 0; row < scores.length; row++) {
      rewards[klTerms.start(row + 1) - 1] += scores[row];
    }
    return new ShapedRewards(klTerms, nonScore, klTerms.withValues("rewards", rewards));
  }
}
