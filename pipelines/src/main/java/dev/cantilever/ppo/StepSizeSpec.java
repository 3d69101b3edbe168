package dev.cantilever.ppo;

import java.io.Serializable;
import java.util.Optional;

/**
 * How far one optimiser step may move.
 *
 * @param learningRate of the policy's adapter ({@code learning_rate})
 * @param valueHeadLearningRate of the value head, which starts from noise and may go faster
 * @param maxGradNorm global norm to which gradients are clipped ({@code max_grad_norm}); absent:
 *     they are left
 */
public record StepSizeSpec(
    double learningRate, double valueHeadLearningRate, Optional<Double> maxGradNorm)
    implements Serializable {

  public StepSizeSpec {
    PpoException.requirePositive("learning_rate", learningRate);
    PpoException.requirePositive("value_head_learning_rate", valueHeadLearningRate);
    maxGradNorm.ifPresent(norm -> PpoException.requirePositive("max_grad_norm", norm));
  }

  /**
   * trl's defaults, 1.41e-5 for both, but with gradients clipped to norm 1: trl leaves them, and
   * very short responses then make losses leap.
   */
  public static StepSizeSpec defaults() {
    return new StepSizeSpec(1.41e-5, 1.41e-5, Optional.of(1.0));
  }

  /** The norm as a number to compute with: infinity where gradients are left. */
  public double maxGradNormOrInfinity() {
    return maxGradNorm.orElse(Double.POSITIVE_INFINITY);
  }

  /** The same with other learning rates. */
  public StepSizeSpec withLearningRates(double policy, double valueHead) {
    return new StepSizeSpec(policy, valueHead, maxGradNorm);
  }

  /** The same with gradients clipped to another norm. */
  public StepSizeSpec withMaxGradNorm(double newMaxGradNorm) {
    return new StepSizeSpec(learningRate, valueHeadLearningRate, Optional.of(newMaxGradNorm));
  }

  private Object writeReplace() {
    return new Sent(learningRate, valueHeadLearningRate, maxGradNormOrInfinity());
  }

  /** What travels in its place, because an Optional does not serialize. */
  private record Sent(double learningRate, double valueHeadLearningRate, double maxGradNorm)
      implements Serializable {
    private Object readResolve() {
      return new StepSizeSpec(
          learningRate, valueHeadLearningRate, Optional.of(maxGradNorm).filter(Double::isFinite));
    }
  }
}
