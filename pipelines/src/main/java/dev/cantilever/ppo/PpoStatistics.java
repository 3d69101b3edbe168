package dev.cantilever.ppo;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Collects one step's statistics under trl 0.11.4's names. Mini-batch numbers are averaged over all
 * mini-batches of all epochs that ran.
 *
 * <p>Three differences, each visible in the names: what trl logs as whole tensors is left to the
 * rollout and update tables, except {@code ppo/policy/ratio}, which is the mean; and {@code
 * ppo/mini_batches} and {@code ppo/skipped_steps} are added, so that an early stop and a skipped
 * step can be seen.
 */
public final class PpoStatistics {
  private final RolloutStatistics rollouts;
  private final double learningRate;
  private final List<MiniBatchStatistics> miniBatches = new ArrayList<>();
  private final Map<String, Double> environment = new LinkedHashMap<>();
  private final Map<PpoPhase, Double> seconds = new EnumMap<>(PpoPhase.class);

  /**
   * @param rollouts of the step
   * @param learningRate of the policy in this step
   */
  public PpoStatistics(RolloutStatistics rollouts, double learningRate) {
    this.rollouts = rollouts;
    this.learningRate = learningRate;
  }

  /**
   * Adds what the batch was, for {@code tokens/…} and {@code env/…}.
   *
   * @param rawScores scores as the reward model gave them, [rows]
   * @param queryLengths tokens, [rows]
   * @param responseLengths tokens, [rows]
   */
  public PpoStatistics environment(double[] rawScores, int[] queryLengths, int[] responseLengths) {
    ScoreShaper.requireFinite("scores", rawScores);
    if (queryLengths.length != rawScores.length || responseLengths.length != rawScores.length) {
      throw new PpoException(
          "statistics: expected a query and a response length for each of "
              + rawScores.length
              + " scores, found "
              + queryLengths.length
              + " and "
              + responseLengths.length
              + "; pass those of the whole batch");
    }
    environment.clear();
    putSummary("tokens/queries_len", RowSummary.of(queryLengths));
    putSummary("tokens/responses_len", RowSummary.of(responseLengths));
    putSummary("env/reward", RowSummary.of(rawScores));
    return this;
  }

  /** Adds a mini-batch, stepped on or skipped. */
  public PpoStatistics add(MiniBatchStatistics miniBatch) {
    miniBatches.add(miniBatch);
    return this;
  }

  /** Adds to the time of a phase. */
  public PpoStatistics time(PpoPhase phase, double phaseSeconds) {
    PpoException.requireNotNegative(phase.statistic(), phaseSeconds);
    seconds.merge(phase, phaseSeconds, Double::sum);
    return this;
  }

  /**
   * All statistics by name, in a fixed order.
   *
   * @return unmodifiable
   * @throws PpoException if no mini-batch was added, or naming a statistic that is not a number
   */
  public Map<String, Double> toMap() {
    if (miniBatches.isEmpty()) {
      throw new PpoException(
          "statistics: expected at least one mini-batch, found none; add each one's result");
    }
    Map<String, Double> map = new LinkedHashMap<>();
    map.put("objective/kl", rollouts.kl());
    map.put("objective/kl_coef", rollouts.klCoefficient());
    map.put("objective/entropy", rollouts.entropy());
    map.put("ppo/mean_non_score_reward", rollouts.meanNonScoreReward());
    map.put("ppo/mean_scores", rollouts.meanScores());
    map.put("ppo/std_scores", rollouts.stdScores());
    map.put("ppo/loss/policy", mean(s -> s.policy().loss()));
    map.put("ppo/loss/value", mean(s -> s.value().loss()));
    map.put("ppo/loss/total", mean(MiniBatchStatistics::totalLoss));
    map.put("ppo/policy/entropy", mean(s -> s.policy().entropy()));
    map.put("ppo/policy/approxkl", mean(s -> s.policy().approxKl()));
    map.put("ppo/policy/policykl", mean(s -> s.policy().policyKl()));
    map.put("ppo/policy/clipfrac", mean(s -> s.policy().clipFraction()));
    map.put("ppo/policy/advantages_mean", mean(s -> s.policy().advantagesMean()));
    map.put("ppo/policy/ratio", mean(s -> s.policy().ratioMean()));
    double returnsVariance = mean(s -> s.value().returnsVariance());
    double error = mean(s -> s.value().error());
    map.put("ppo/returns/mean", mean(s -> s.value().returnsMean()));
    map.put("ppo/returns/var", returnsVariance);
    map.put("ppo/val/vpred", mean(s -> s.value().prediction()));
    map.put("ppo/val/error", error);
    map.put("ppo/val/clipfrac", mean(s -> s.value().clipFraction()));
    map.put("ppo/val/mean", mean(s -> s.value().oldMean()));
    map.put("ppo/val/var", mean(s -> s.value().oldVariance()));
    // Returns that do not vary have nothing to explain; trl divides by zero here.
    map.put("ppo/val/var_explained", returnsVariance > 0 ? 1 - error / returnsVariance : 0);
    map.put("ppo/mini_batches", (double) miniBatches.size());
    map.put("ppo/skipped_steps", (double) skippedSteps());
    map.put("ppo/learning_rate", learningRate);
    map.putAll(environment);
    seconds.forEach((phase, value) -> map.put(phase.statistic(), value));
    map.forEach(PpoStatistics::requireNumber);
    return Collections.unmodifiableMap(map);
  }

  /** Mini-batches whose mean ratio passed the threshold. */
  public long skippedSteps() {
    return miniBatches.stream().filter(MiniBatchStatistics::stepSkipped).count();
  }

  private double mean(ToDoubleFunction<MiniBatchStatistics> statistic) {
    double sum = 0;
    for (MiniBatchStatistics miniBatch : miniBatches) {
      sum += statistic.applyAsDouble(miniBatch);
    }
    return sum / miniBatches.size();
  }

  private void putSummary(String prefix, RowSummary summary) {
    environment.put(prefix + "_mean", summary.mean());
    environment.put(prefix + "_std", summary.std());
  }

  private static void requireNumber(String statistic, double value) {
    if (Double.isNaN(value)) {
      throw new PpoException(
          statistic
              + ": expected a number, found NaN; the numbers of this step overflowed, look at its"
              + " losses and lower the learning rate");
    }
  }
}
