package dev.cantilever.ppo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.junit.jupiter.api.Test;

class PpoStatisticsTest {
  private static final RolloutStatistics ROLLOUTS =
      new RolloutStatistics(1.5, 0.2, 30, -0.01, 0.4, 0.3);

  @Test
  void toMap_everythingGiven_hasTrlsNamesInOrder() {
    Map<String, Double> map =
        new PpoStatistics(ROLLOUTS, 1e-5)
            .environment(new double[] {1, 3}, new int[] {4, 4}, new int[] {10, 20})
            .add(miniBatch(1, false))
            .time(PpoPhase.TOTAL, 3)
            .time(PpoPhase.FORWARD_PASS, 1)
            .time(PpoPhase.FORWARD_PASS, 0.5)
            .toMap();

    assertThat(map.keySet())
        .containsExactly(
            "objective/kl",
            "objective/kl_coef",
            "objective/entropy",
            "ppo/mean_non_score_reward",
            "ppo/mean_scores",
            "ppo/std_scores",
            "ppo/loss/policy",
            "ppo/loss/value",
            "ppo/loss/total",
            "ppo/policy/entropy",
            "ppo/policy/approxkl",
            "ppo/policy/policykl",
            "ppo/policy/clipfrac",
            "ppo/policy/advantages_mean",
            "ppo/policy/ratio",
            "ppo/returns/mean",
            "ppo/returns/var",
            "ppo/val/vpred",
            "ppo/val/error",
            "ppo/val/clipfrac",
            "ppo/val/mean",
            "ppo/val/var",
            "ppo/val/var_explained",
            "ppo/mini_batches",
            "ppo/skipped_steps",
            "ppo/learning_rate",
            "tokens/queries_len_mean",
            "tokens/queries_len_std",
            "tokens/responses_len_mean",
            "tokens/responses_len_std",
            "env/reward_mean",
            "env/reward_std",
            "time/ppo/forward_pass",
            "time/ppo/total");
    assertThat(map)
        .contains(
            entry("objective/kl", 1.5),
            entry("tokens/queries_len_std", 0.0),
            entry("tokens/responses_len_mean", 15.0),
            entry("env/reward_std", Math.sqrt(2)),
            entry("time/ppo/forward_pass", 1.5));
  }

  @Test
  void toMap_severalMiniBatches_averagesThemAndCountsSkips() {
    Map<String, Double> map =
        new PpoStatistics(ROLLOUTS, 1e-5).add(miniBatch(1, false)).add(miniBatch(3, true)).toMap();

    assertThat(map)
        .contains(
            entry("ppo/loss/policy", 2.0),
            entry("ppo/val/vpred", 4.0),
            entry("ppo/returns/var", 16.0),
            entry("ppo/mini_batches", 2.0),
            entry("ppo/skipped_steps", 1.0));
    assertThat(map.get("ppo/val/var_explained")).isCloseTo(1 - 6.0 / 16, within(1e-15));
  }

  @Test
  void toMap_statisticNotANumber_namesIt() {
    MiniBatchStatistics good = miniBatch(1, false);
    PpoStatistics statistics =
        new PpoStatistics(ROLLOUTS, 1e-5)
            .add(new MiniBatchStatistics(good.policy(), good.value(), Double.NaN, false));

    assertThatThrownBy(statistics::toMap)
        .isInstanceOf(PpoException.class)
        .hasMessageContaining("ppo/loss/total");
  }

  @Test
  void toMap_noMiniBatch_isRefused() {
    assertThatThrownBy(() -> new PpoStatistics(ROLLOUTS, 1e-5).toMap())
        .isInstanceOf(PpoException.class);
  }

  @Test
  void rollouts_handTable_sumsPerRowAndAveragesRows() {
    TokenRows logprobs = TokenRows.of("logprobs", new double[][] {{-1, -2}, {-5}});
    TokenRows kls = TokenRows.of("kls", new double[][] {{0.5, 0.25}, {-0.25}});
    double[] scores = {1, 2};

    RolloutStatistics statistics =
        RolloutStatistics.of(logprobs, RewardShaper.shape(2, kls, scores), scores, 2);

    assertThat(statistics.kl()).isEqualTo(0.25);
    assertThat(statistics.klCoefficient()).isEqualTo(2);
    assertThat(statistics.entropy()).isEqualTo(4);
    assertThat(statistics.meanNonScoreReward()).isCloseTo(-1.0 / 3, within(1e-15));
    assertThat(statistics.meanScores()).isEqualTo(1.5);
    assertThat(statistics.stdScores()).isCloseTo(Math.sqrt(0.5), within(1e-15));
  }

  @Test
  void toMap_singleRowOfOneToken_hasNoSpreadAndNoNan() {
    TokenRows logprobs = TokenRows.of("logprobs", new double[][] {{-1}});
    double[] scores = {2};
    ShapedRewards rewards =
        RewardShaper.shape(0.2, TokenRows.of("kls", new double[][] {{0}}), scores);
    Advantages advantages =
        AdvantageEstimator.estimate(AdvantageSpec.defaults(), rewards.rewards(), logprobs);
    MiniBatchLoss loss = new MiniBatchLoss(LossSpec.defaults(), 1);
    loss.add(
        new UpdateRows(logprobs, logprobs, advantages.advantages(), advantages.returns()),
        logprobs,
        logprobs,
        logprobs);

    Map<String, Double> map =
        new PpoStatistics(RolloutStatistics.of(logprobs, rewards, scores, 0.2), 1e-5)
            .environment(scores, new int[] {3}, new int[] {1})
            .add(loss.finish())
            .toMap();

    assertThat(map)
        .contains(
            entry("ppo/std_scores", 0.0),
            entry("ppo/returns/var", 0.0),
            entry("ppo/val/var_explained", 0.0),
            entry("ppo/policy/ratio", 1.0),
            entry("env/reward_std", 0.0));
  }

  private static MiniBatchStatistics miniBatch(double x, boolean skipped) {
    return new MiniBatchStatistics(
        new PolicyStatistics(x, x, x, x, x, x, x),
        new ValueStatistics(x, 2 * x, 3 * x, x, x, x, x, 8 * x),
        x,
        skipped);
  }
}
