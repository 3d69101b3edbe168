package dev.cantilever.parity;

import dev.cantilever.ppo.AdvantageSpec;
import dev.cantilever.ppo.KlSpec;
import dev.cantilever.ppo.LossSpec;
import java.util.Map;

/**
 * One case's settings and scalar results, from {@code golden.json}.
 *
 * @param number names its tensors: {@code case<number>.rewards} and so on
 * @param kl penalty and adaptive controller
 * @param advantage GAE settings
 * @param loss loss settings
 * @param meanKl {@code objective/kl}
 * @param klCoefficientAfter β after one update
 * @param statistics by trl's name without the leading {@code ppo/}
 */
record PpoCase(
    int number,
    KlSpec kl,
    AdvantageSpec advantage,
    LossSpec loss,
    double meanKl,
    double klCoefficientAfter,
    Map<String, Double> statistics) {

  PpoCase {
    statistics = Map.copyOf(statistics);
  }

  /** β that the case's rewards were made with. */
  double klCoefficient() {
    return kl.initCoef();
  }
}
