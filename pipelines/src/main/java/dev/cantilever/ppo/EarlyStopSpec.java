package dev.cantilever.ppo;

import java.io.Serializable;

/**
 * Whether the remaining epochs of a step are dropped once the policy has moved far enough.
 *
 * @param earlyStopping on or off ({@code early_stopping})
 * @param targetKl nats per token ({@code target_kl}); a step stops beyond 1.5 times this
 */
public record EarlyStopSpec(boolean earlyStopping, double targetKl) implements Serializable {
  private static final double SLACK = 1.5;

  public EarlyStopSpec {
    PpoException.requirePositive("target_kl", targetKl);
  }

  /** trl's defaults: off, target 1. */
  public static EarlyStopSpec defaults() {
    return new EarlyStopSpec(false, 1);
  }

  /** On, at the given target. */
  public static EarlyStopSpec at(double targetKl) {
    return new EarlyStopSpec(true, targetKl);
  }

  /**
   * Asked at the end of an epoch, as trl 0.11.4 does: true if no further epoch of this step is to
   * be run.
   *
   * @param policyKl {@code policy/policykl} of the epoch's last mini-batch
   */
  public boolean stopsAfterEpoch(double policyKl) {
    return earlyStopping && policyKl > SLACK * targetKl;
  }
}
