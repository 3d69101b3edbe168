package dev.cantilever.ppo;

import java.io.Serializable;

/** Which KL controller a run uses, and its constants. */
public sealed interface KlControllerSpec extends Serializable {

  /** trl's defaults ({@code adap_kl_ctrl}): adaptive from 0.2 toward 6 over a horizon of 10000. */
  static KlControllerSpec defaults() {
    return new Adaptive(0.2, 6, 10_000);
  }

  /** The KL coefficient β of the first step ({@code init_kl_coef}). */
  double initialCoefficient();

  /** The controller's state before the first step. */
  KlController start();

  /**
   * Refuses a batch that this controller cannot follow.
   *
   * @throws PpoException if one update over so many rows could drive β to 0
   */
  void requireRows(int rows);

  /**
   * β never moves.
   *
   * @param initialCoefficient β, 0 or more
   */
  record Fixed(double initialCoefficient) implements KlControllerSpec {
    public Fixed {
      PpoException.requireNotNegative("init_kl_coef", initialCoefficient);
    }

    @Override
    public KlController start() {
      return new FixedKlController(initialCoefficient);
    }

    @Override
    public void requireRows(int rows) {
      // A coefficient that never moves takes any batch.
    }
  }

  /**
   * β follows the observed KL (Ziegler et al. 2019, section 2.2).
   *
   * @param initialCoefficient β of the first step, above 0 (the update multiplies, so 0 would stay)
   * @param target the KL per response, in nats, to hold
   * @param horizon rows over which a full correction acts
   */
  record Adaptive(double initialCoefficient, double target, double horizon)
      implements KlControllerSpec {
    public Adaptive {
      PpoException.requirePositive("init_kl_coef", initialCoefficient);
      PpoException.requirePositive("target", target);
      PpoException.requirePositive("horizon", horizon);
    }

    @Override
    public KlController start() {
      return new AdaptiveKlController(initialCoefficient, target, horizon);
    }

    @Override
    public void requireRows(int rows) {
      double largestStep = AdaptiveKlController.MAX_ERROR * rows;
      if (largestStep >= horizon) {
        throw new PpoException(
            "horizon, batch_size: expected horizon above 0.2 x batch_size = "
                + largestStep
                + ", found horizon="
                + horizon
                + "; one update could drive the KL coefficient to 0, raise horizon");
      }
    }
  }
}
