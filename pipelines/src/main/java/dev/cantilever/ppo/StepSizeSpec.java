package dev.cantilever.ppo;

import java.io.Serializable;

/**
 * How far one optimiser step may move.
 *
 * @param learningRate of the policy's adapter ({@code learning_rate})
 * @param valueHeadLearningRate of the value head, which starts from noise and may go faster
 * @param maxGradNorm global norm to which gradients are clipped ({@code max_grad_norm}); {@link
 *     #NO_CLIP} leaves them
 */
public record StepSizeSpec(double learningRate, double valueHeadLearningRate, double maxGradNorm)
    implements Serializable {

  /** The norm that clips nothing: trl's {@code max_grad_norm=None}. */
  public static final double NO_CLIP = Double.POSITIVE_INFINITY;

  public StepSizeSpec {
    PpoException.requirePositive("learning_rate", learningRate);
    PpoException.requirePositive("value_head_learning_rate", valueHeadLearningRate);
    if (!(maxGradNorm > 0)) {
      throw new PpoException(
          "max_grad_norm: expected a number above 0 or none, found "
              + maxGradNorm
              + "; correct the recipe");
    }
  }

  /**
   * trl's defaults, 1.41e-5 for both, but with gradients clipped to norm 1: trl leaves them, and
   * very short responses then make losses leap.
   */
  public static StepSizeSpec defaults() {
    return new StepSizeSpec(1.41e-5, 1.41e-5, 1.0);
  }

  /** The same with other learning rates. */
  public StepSizeSpec withLearningRates(double policy, double valueHead) {
    return new StepSizeSpec(policy, valueHead, maxGradNorm);
  }

  /** The same with another gradient norm. */
  public StepSizeSpec withMaxGradNorm(double newMaxGradNorm) {
    return new StepSizeSpec(learningRate, valueHeadLearningRate, newMaxGradNorm);
  }
}
