package dev.cantilever.ppo;

import java.io.Serializable;

/**
 * Generalised advantage estimation.
 *
 * @param gamma discount γ from token to token, 0 to 1
 * @param lam λ, 0 (one-step error) to 1 (whole return)
 * @param whitenRewards rewards get unit variance over the batch, their mean kept, before estimation
 */
public record AdvantageSpec(double gamma, double lam, boolean whitenRewards)
    implements Serializable {
  public AdvantageSpec {
    PpoException.requireUnitInterval("gamma", gamma);
    PpoException.requireUnitInterval("lam", lam);
  }

  /** trl's defaults: γ 1, λ 0.95, rewards as they are. */
  public static AdvantageSpec defaults() {
    return new AdvantageSpec(1, 0.95, false);
  }

  /** The same with another γ. */
  public AdvantageSpec withGamma(double newGamma) {
    return new AdvantageSpec(newGamma, lam, whitenRewards);
  }

  /** The same with another λ. */
  public AdvantageSpec withLam(double newLam) {
    return new AdvantageSpec(gamma, newLam, whitenRewards);
  }

  /** The same with reward whitening on or off. */
  public AdvantageSpec withWhitenRewards(boolean on) {
    return new AdvantageSpec(gamma, lam, on);
  }
}
