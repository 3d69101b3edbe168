package dev.cantilever.ppo;

import java.io.Serializable;

/**
 * How the policy is held near the reference.
 *
 * @param penalty the per-token term ({@code kl_penalty})
 * @param controller how its coefficient moves ({@code adap_kl_ctrl}, {@code init_kl_coef}, {@code
 *     target}, {@code horizon})
 */
public record KlSpec(KlPenalty penalty, KlControllerSpec controller) implements Serializable {

  /** trl's defaults: penalty kl, adaptive control. */
  public static KlSpec defaults() {
    return new KlSpec(KlPenalty.KL, KlControllerSpec.defaults());
  }

  /** The same with another penalty. */
  public KlSpec withPenalty(KlPenalty newPenalty) {
    return new KlSpec(newPenalty, controller);
  }

  /** The same with another controller. */
  public KlSpec withController(KlControllerSpec newController) {
    return new KlSpec(penalty, newController);
  }
}
