package dev.cantilever.update;

import dev.cantilever.model.PolicyScores;
import dev.cantilever.model.TokenScores;
import dev.cantilever.ppo.AdvantageEstimator;
import dev.cantilever.ppo.Advantages;
import dev.cantilever.ppo.FirstMiniBatchCheck;
import dev.cantilever.ppo.KlPenalty;
import dev.cantilever.ppo.PpoSpec;
import dev.cantilever.ppo.RewardShaper;
import dev.cantilever.ppo.RunningMoments;
import dev.cantilever.ppo.ScoreShaper;
import dev.cantilever.ppo.ShapedRewards;
import dev.cantilever.ppo.ShapedScores;
import dev.cantilever.ppo.TokenRows;
import dev.cantilever.ppo.UpdateRows;

/**
 * What an update aims at, made of how policy and reference score a step's rows.
 *
 * @param logprobs of the policy, before the update
 * @param reference log-probabilities of the reference
 * @param shaped the rows' scores
 * @param rewards of every token
 * @param fixed what the update holds fixed
 */
public record StepTargets(
    TokenRows logprobs,
    TokenRows reference,
    ShapedScores shaped,
    ShapedRewards rewards,
    UpdateRows fixed) {

  /**
   * Shapes scores, spreads rewards, estimates advantages.
   *
   * @param scored with whole divergences if the penalty needs them
   * @param rawScores of the rows, as the reward model gave them
   * @param klCoefficient β of this step
   * @param moments of all scores before
   * @param requireKlZero whether the adapter is fresh, so that every KL term must be exactly 0
   */
  public static StepTargets of(
      PpoSpec ppo,
      PolicyScores scored,
      double[] rawScores,
      double klCoefficient,
      RunningMoments moments,
      boolean requireKlZero) {
    TokenScores before = scored.policy();
    TokenRows logprobs = tokens("logprobs", before.offsets(), before.logprobs());
    TokenRows reference = tokens("ref_logprobs", before.offsets(), scored.referenceLogprobs());
    TokenRows values = tokens("values", before.offsets(), before.values());
    TokenRows klTerms =
        ppo.kl().penalty() == KlPenalty.FULL
            ? tokens("kls", before.offsets(), scored.fullKl())
            : RewardShaper.klTerms(ppo.kl().penalty(), logprobs, reference);
    if (requireKlZero) {
      FirstMiniBatchCheck.requireFreshAdapterKlZero(klTerms);
    }
    ShapedScores shaped = ScoreShaper.shape(ppo.score(), moments, rawScores);
    ShapedRewards rewards = RewardShaper.shape(klCoefficient, klTerms, shaped.scores());
    Advantages advantages = AdvantageEstimator.estimate(ppo.advantage(), rewards.rewards(), values);
    return new StepTargets(
        logprobs,
        reference,
        shaped,
        rewards,
        new UpdateRows(logprobs, values, advantages.advantages(), advantages.returns()));
  }

  static TokenRows tokens(String name, int[] offsets, float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return TokenRows.packed(name, offsets, wide);
  }

  static float[] floats(double[] values) {
    float[] narrow = new float[values.length];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = (float) values[i];
    }
    return narrow;
  }
}
