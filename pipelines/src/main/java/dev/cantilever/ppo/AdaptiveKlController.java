package dev.cantilever.ppo;

/**
 * A KL coefficient that follows the observed KL: with {@code e = clip(KL/target - 1, -0.2, 0.2)}, β
 * becomes {@code β(1 + e·n/horizon)} after a step of n rows (Ziegler et al. 2019, section 2.2; trl
 * {@code AdaptiveKLController}).
 *
 * @param coefficient β, above 0
 * @param target the KL per response, in nats, to hold
 * @param horizon rows over which a full correction acts
 */
public record AdaptiveKlController(double coefficient, double target, double horizon)
    implements KlController {
  static final double MAX_ERROR = 0.2;

  public AdaptiveKlController {
    PpoException.requirePositive("kl coefficient", coefficient);
    PpoException.requirePositive("target", target);
    PpoException.requirePositive("horizon", horizon);
  }

  @Override
  public KlController next(double observedKl, long rows) {
    requireObservation(observedKl, rows);
    double error = Math.max(-MAX_ERROR, Math.min(MAX_ERROR, observedKl / target - 1));
    return new AdaptiveKlController(coefficient * (1 + error * rows / horizon), target, horizon);
  }

  static void requireObservation(double observedKl, long rows) {
    if (!Double.isFinite(observedKl) || rows < 1) {
      throw new PpoException(
          "KL controller: expected a finite KL of at least one row, found KL "
              + observedKl
              + " of "
              + rows
              + " rows; look for the first step whose objective/kl jumps");
    }
  }
}
