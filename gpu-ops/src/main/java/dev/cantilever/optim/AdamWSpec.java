package dev.cantilever.optim;

/**
 * Constants of AdamW.
 *
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param eps added to the root of the second moment
 * @param weightDecay decoupled decay
 */
public record AdamWSpec(double beta1, double beta2, double eps, double weightDecay) {

  /** What torch and trl use: 0.9, 0.999, 1e-8, no decay. */
  public static AdamWSpec defaults() {
    return new AdamWSpec(0.9, 0.999, 1e-8, 0);
  }

  /** Checks the ranges. */
  public AdamWSpec {
    if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && eps > 0 && weightDecay >= 0)) {
      throw new IllegalArgumentException(
          "Expected betas in [0, 1), eps above 0 and a weight decay of 0 or more, got beta1="
              + beta1
              + ", beta2="
              + beta2
              + ", eps="
              + eps
              + ", weight_decay="
              + weightDecay);
    }
  }
}
