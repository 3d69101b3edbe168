package dev.cantilever.ppo;

/**
 * What a step's rollouts say before anything is learned from them.
 *
 * @param kl {@code objective/kl}: mean over rows of the summed k_t; what the KL controller observes
 * @param klCoefficient {@code objective/kl_coef}: β of this step
 * @param entropy {@code objective/entropy}: mean over rows of the summed {@code -lp_t}
 * @param meanNonScoreReward {@code ppo/mean_non_score_reward}: mean over tokens
 * @param meanScores {@code ppo/mean_scores}: of the shaped scores
 * @param stdScores {@code ppo/std_scores}: Bessel-corrected, 0 for a lone row
 */
public record RolloutStatistics(
    double kl,
    double klCoefficient,
    double entropy,
    double meanNonScoreReward,
    double meanScores,
    double stdScores) {

  /**
   * From a whole batch.
   *
   * @param logprobs old log-probabilities of the sampled tokens
   * @param rewards the batch's rewards
   * @param scores shaped scores, [rows]
   * @param klCoefficient β that the rewards were made with
   */
  public static RolloutStatistics of(
      TokenRows logprobs, ShapedRewards rewards, double[] scores, double klCoefficient) {
    logprobs.requireSameRows(rewards.klTerms());
    ScoreShaper.requireFinite("scores", scores);
    RowSummary score = RowSummary.of(scores);
    return new RolloutStatistics(
        RowSummary.of(rewards.klTerms().rowSums()).mean(),
        klCoefficient,
        -RowSummary.of(logprobs.rowSums()).mean(),
        rewards.nonScoreRewards().mean(),
        score.mean(),
        score.std());
  }
}
