package dev.cantilever.ppo;

import java.io.Serializable;

/**
 * How the policy is held near the reference.
 *
 * @param penalty the per-token term ({@code kl_penalty})
 * @param controller how its coefficient β moves ({@code adap_kl_ctrl})
 * @param initCoef β of the first step ({@code init_kl_coef}): 0 or more, and above 0 if it is to
 *     move, because the update multiplies
 * @param target the KL per response, in nats, that an adaptive controller holds
 * @param horizon rows over which a full correction of an adaptive controller acts
 */
public record KlSpec(
    KlPenalty penalty, Controller controller, double initCoef, double target, double horizon)
    implements Serializable {

  /** How β moves from step to step. */
  public enum Controller {
    /** It follows the observed KL: {@link AdaptiveKlController}. The default. */
    ADAPTIVE,
    /** It stays: {@link FixedKlController}. Target and horizon then do nothing. */
    FIXED
  }

  public KlSpec {
    if (controller == Controller.ADAPTIVE) {
      PpoException.requirePositive("init_coef", initCoef);
    } else {
      PpoException.requireNotNegative("init_coef", initCoef);
    }
    PpoException.requirePositive("target", target);
    PpoException.requirePositive("horizon", horizon);
  }

  /** trl's defaults: penalty kl, adaptive from 0.2 toward 6 over a horizon of 10000. */
  public static KlSpec defaults() {
    return new KlSpec(KlPenalty.KL, Controller.ADAPTIVE, 0.2, 6, 10_000);
  }

  /** The controller's state before the first step. */
  public KlController start() {
    return switch (controller) {
      case ADAPTIVE -> new AdaptiveKlController(initCoef, target, horizon);
      case FIXED -> new FixedKlController(initCoef);
    };
  }

  /** The same with another penalty. */
  public KlSpec withPenalty(KlPenalty newPenalty) {
    return new KlSpec(newPenalty, controller, initCoef, target, horizon);
  }

  /** The same penalty with a β that never moves. */
  public KlSpec withFixed(double coefficient) {
    return new KlSpec(penalty, Controller.FIXED, coefficient, target, horizon);
  }

  /** The same penalty with a β that follows the observed KL. */
  public KlSpec withAdaptive(double newInitCoef, double newTarget, double newHorizon) {
    return new KlSpec(penalty, Controller.ADAPTIVE, newInitCoef, newTarget, newHorizon);
  }

  /**
   * Refuses a batch that the controller cannot follow.
   *
   * @throws PpoException if one update over so many rows could drive β to 0
   */
  void requireRows(int rows) {
    double largestStep = AdaptiveKlController.MAX_ERROR * rows;
    if (controller == Controller.ADAPTIVE && largestStep >= horizon) {
      throw new PpoException(
          "kl.horizon, batch.rows: expected horizon above 0.2 x rows = "
              + largestStep
              + ", found horizon="
              + horizon
              + " and rows="
              + rows
              + "; one update could drive the KL coefficient to 0, raise horizon");
    }
  }
}
