package dev.cantilever.ppo;

import java.io.Serializable;

/**
 * The state that decides the KL coefficient β of a step. Immutable: a step ends with {@link #next},
 * and the result is what a checkpoint keeps.
 */
public sealed interface KlController extends Serializable
    permits FixedKlController, AdaptiveKlController {

  /** β of the step to come. */
  double coefficient();

  /**
   * The state after a step.
   *
   * @param observedKl the step's {@code objective/kl}: mean over rows of the summed k_t, in nats
   * @param rows rows in the step's batch
   * @throws PpoException if the KL is not finite or there are no rows
   */
  KlController next(double observedKl, long rows);
}
