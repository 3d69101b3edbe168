package dev.cantilever.rehearsal;

/**
 * How far an optimiser step goes.
 *
 * @param learningRate of the adapter
 * @param valueHeadLearningRate of the value head
 * @param maxGradNorm to which gradients are clipped; infinity leaves them
 */
public record StepSize(double learningRate, double valueHeadLearningRate, double maxGradNorm) {

  /** Nothing moves: for plans, in which no number is computed. */
  static final StepSize NONE = new StepSize(0, 0, 1);
}
