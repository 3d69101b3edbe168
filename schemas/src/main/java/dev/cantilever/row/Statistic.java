package dev.cantilever.row;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The numbers kept of a PPO step, in the order of their columns.
 *
 * <p>Names and formulas are those of trl 0.11.4 ({@code PPOTrainer.record_step_stats} and its
 * logging page) where trl has the number; those under {@code sampler/} and {@code update/} are
 * ours. mm is the mean over response tokens; what a mini-batch yields is averaged over all
 * mini-batches and epochs. Times are left out on purpose: they differ between two runs of one seed,
 * whose rows must be equal to the byte, and belong to the metrics log.
 */
public enum Statistic {
  KL("objective/kl", "nats/row", "mean over rows of the summed per-token KL estimate"),
  KL_COEF("objective/kl_coef", "1", "KL coefficient before this step's update"),
  ENTROPY("objective/entropy", "nats/row", "mean over rows of the summed -logprob"),
  MEAN_NON_SCORE_REWARD("ppo/mean_non_score_reward", "reward/token", "mm(-kl_coef * KL)"),
  MEAN_SCORES("ppo/mean_scores", "score", "mean over rows, after scaling and clipping"),
  STD_SCORES("ppo/std_scores", "score", "standard deviation over rows of the same"),
  LOSS_POLICY("ppo/loss/policy", "1", "mm(max(-A r, -A clamp(r, 1 - eps, 1 + eps)))"),
  LOSS_VALUE("ppo/loss/value", "reward^2", "mm(max((v - R)^2, (vclip - R)^2)) / 2"),
  LOSS_TOTAL("ppo/loss/total", "1", "policy + vf_coef * value"),
  POLICY_ENTROPY("ppo/policy/entropy", "nats/token", "mm(entropy over the vocabulary)"),
  APPROX_KL("ppo/policy/approxkl", "nats/token", "mm((new - old)^2) / 2"),
  POLICY_KL("ppo/policy/policykl", "nats/token", "mm(old - new)"),
  POLICY_CLIPFRAC("ppo/policy/clipfrac", "share", "mm(1[clipped term > unclipped term])"),
  ADVANTAGES_MEAN("ppo/policy/advantages_mean", "reward", "mm(A)"),
  RATIO("ppo/policy/ratio", "1", "mm(exp(new - old))"),
  RETURNS_MEAN("ppo/returns/mean", "reward", "mm(R)"),
  RETURNS_VAR("ppo/returns/var", "reward^2", "Bessel-corrected variance of R"),
  VALUE_PRED("ppo/val/vpred", "reward", "mm(v)"),
  VALUE_ERROR("ppo/val/error", "reward^2", "mm((v - R)^2)"),
  VALUE_CLIPFRAC("ppo/val/clipfrac", "share", "mm(1[clipped term > unclipped term])"),
  VALUE_MEAN("ppo/val/mean", "reward", "mm(old v)"),
  VALUE_VAR("ppo/val/var", "reward^2", "Bessel-corrected variance of old v"),
  VALUE_VAR_EXPLAINED("ppo/val/var_explained", "share", "1 - error / variance of R"),
  LEARNING_RATE("ppo/learning_rate", "1", "of the first parameter group"),
  QUERIES_LEN_MEAN("tokens/queries_len_mean", "tokens", "mean over rows"),
  QUERIES_LEN_STD("tokens/queries_len_std", "tokens", "standard deviation over rows"),
  RESPONSES_LEN_MEAN("tokens/responses_len_mean", "tokens", "mean over rows"),
  RESPONSES_LEN_STD("tokens/responses_len_std", "tokens", "standard deviation over rows"),
  REWARD_MEAN("env/reward_mean", "score", "mean over rows of the raw scores"),
  REWARD_STD("env/reward_std", "score", "standard deviation over rows of the raw scores"),
  SAMPLER_GAP_MEAN("sampler/logprob_gap_mean", "nats", "mm(abs(old - sampler logprob))"),
  SAMPLER_GAP_MAX("sampler/logprob_gap_max", "nats", "largest abs(old - sampler logprob)"),
  GRAD_NORM("update/grad_norm", "1", "global gradient norm before clipping"),
  OPTIMIZER_STEPS("update/optimizer_steps", "steps", "optimiser steps taken"),
  SKIPPED_MINI_BATCHES("update/skipped_mini_batches", "mini-batches", "refused by the threshold");

  private final String label;
  private final String unit;
  private final String formula;

  Statistic(String label, String unit, String formula) {
    this.label = label;
    this.unit = unit;
    this.formula = formula;
  }

  /** The name in files and tables, such as {@code objective/kl}. */
  public String label() {
    return label;
  }

  /** The unit; {@code 1} where there is none. */
  public String unit() {
    return unit;
  }

  /** How it is computed, in one line. */
  public String formula() {
    return formula;
  }

  /**
   * The statistic of a name.
   *
   * @throws SchemaException if there is none, listing those there are
   */
  public static Statistic ofLabel(String label) {
    for (Statistic statistic : values()) {
      if (statistic.label.equals(label)) {
        return statistic;
      }
    }
    throw new SchemaException(
        "Expected the name of a statistic, found '"
            + label
            + "'. Use one of: "
            + Arrays.stream(values()).map(Statistic::label).collect(Collectors.joining(", ")));
  }
}
