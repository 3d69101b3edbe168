package dev.cantilever.finetune;

import dev.cantilever.host.KeptValues;
import dev.cantilever.optim.AdamWSpec;
import dev.cantilever.optim.LearningRateSchedule;
import java.io.Serializable;

/**
 * The section {@code sft}: how an adapter is fine-tuned. The optimizer is AdamW with the betas and
 * epsilon of torch.
 *
 * @param epochs times that every row is learned from
 * @param learningRate at the height of the schedule
 * @param schedule how the learning rate goes on after the warm-up
 * @param warmupSteps steps over which it first climbs from 0
 * @param batchRows rows of an optimizer step; the last of an epoch may have fewer
 * @param maxTokens most tokens that go through the model at once, but at least one row; no setting
 *     of the result
 * @param maxGradNorm global norm to which gradients are clipped
 * @param weightDecay decoupled decay of the adapter's matrices
 * @param keep what a pass keeps for its backward; no setting of the result
 * @param evaluationRows held-out rows by which the loss is measured before and after, from the
 *     first on; 0 takes all
 */
public record FineTuneSpec(
    int epochs,
    double learningRate,
    LearningRateSchedule schedule,
    int warmupSteps,
    int batchRows,
    int maxTokens,
    double maxGradNorm,
    double weightDecay,
    KeptValues keep,
    int evaluationRows)
    implements Serializable {

  /** One epoch in batches of 8, from 2e-4 in a straight line to 0, everything kept. */
  public static FineTuneSpec defaults() {
    return new FineTuneSpec(
        1, 2e-4, LearningRateSchedule.LINEAR, 0, 8, 2048, 1, 0, KeptValues.EVERYTHING, 0);
  }

  /** Checks the ranges. */
  public FineTuneSpec {
    requirePositive("epochs", epochs);
    requirePositive("learning_rate", learningRate);
    requirePositive("batch_rows", batchRows);
    requirePositive("max_tokens", maxTokens);
    requirePositive("max_grad_norm", maxGradNorm);
    requireNotNegative("warmup_steps", warmupSteps);
    requireNotNegative("weight_decay", weightDecay);
    requireNotNegative("evaluation_rows", evaluationRows);
  }

  /** The same at another height of the schedule. */
  public FineTuneSpec withLearningRate(double newLearningRate) {
    return with(newLearningRate, evaluationRows);
  }

  /** The same with the loss measured by other held-out rows. */
  public FineTuneSpec withEvaluationRows(int newEvaluationRows) {
    return with(learningRate, newEvaluationRows);
  }

  private FineTuneSpec with(double newLearningRate, int newEvaluationRows) {
    return new FineTuneSpec(
        epochs,
        newLearningRate,
        schedule,
        warmupSteps,
        batchRows,
        maxTokens,
        maxGradNorm,
        weightDecay,
        keep,
        newEvaluationRows);
  }

  /** Optimizer steps of the whole training. */
  int steps(int rows) {
    return Math.multiplyExact(epochs, (rows + batchRows - 1) / batchRows);
  }

  AdamWSpec adamW() {
    AdamWSpec defaults = AdamWSpec.defaults();
    return new AdamWSpec(defaults.beta1(), defaults.beta2(), defaults.eps(), weightDecay);
  }

  private static void requirePositive(String key, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException("expected " + key + " above 0, got " + value);
    }
  }

  private static void requireNotNegative(String key, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException("expected " + key + " of 0 or more, got " + value);
    }
  }
}
