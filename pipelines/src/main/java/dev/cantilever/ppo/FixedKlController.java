package dev.cantilever.ppo;

/**
 * A KL coefficient that never moves.
 *
 * @param coefficient β, 0 or more
 */
public record FixedKlController(double coefficient) implements KlController {
  public FixedKlController {
    PpoException.requireNotNegative("kl coefficient", coefficient);
  }

  @Override
  public KlController next(double observedKl, long rows) {
    AdaptiveKlController.requireObservation(observedKl, rows);
    return this;
  }
}
