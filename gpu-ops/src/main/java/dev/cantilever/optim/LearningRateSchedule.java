package dev.cantilever.optim;

/**
 * Factor on the learning rate over a training of known length, as in transformers' schedulers of
 * the same names.
 */
public enum LearningRateSchedule {
  /** 1 throughout, after the warm-up. */
  CONSTANT,
  /** From 1 down to 0 in a straight line. */
  LINEAR,
  /** From 1 down to 0 along half a cosine. */
  COSINE;

  /**
   * The factor for one step.
   *
   * @param step counted from 0
   * @param steps length of the training
   * @param warmupSteps steps over which the factor first climbs from 0 to 1
   */
  public double factor(int step, int steps, int warmupSteps) {
    if (step < warmupSteps) {
      return (double) step / warmupSteps;
    }
    double done = (double) (step - warmupSteps) / Math.max(1, steps - warmupSteps);
    return switch (this) {
      case CONSTANT -> 1;
      case LINEAR -> Math.max(0, 1 - done);
      case COSINE -> 0.5 * (1 + Math.cos(Math.PI * Math.min(1, done)));
    };
  }
}
