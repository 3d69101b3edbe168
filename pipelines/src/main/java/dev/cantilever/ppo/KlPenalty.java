package dev.cantilever.ppo;

import java.util.Arrays;
import java.util.Locale;

/**
 * How far a token's policy is from the reference: the k_t of the per-token reward {@code -β·k_t}.
 *
 * <p>With lp the policy's and rp the reference's log-probability of the sampled token. Matches
 * {@code kl_penalty} of trl 0.11.4's PPOConfig.
 */
public enum KlPenalty {
  /** {@code lp - rp}: unbiased and may be negative. The default. */
  KL,
  /** {@code |lp - rp|}. */
  ABS,
  /** {@code ½(lp - rp)²}. */
  MSE,
  /**
   * {@code Σ_v p(v)(log p(v) - log q(v))}, exact over the vocabulary; never negative. Needs whole
   * distributions, so it is computed where the logits are and handed in per token.
   */
  FULL;

  /**
   * The penalty that a recipe names by {@code kl_penalty}.
   *
   * @param name one of kl, abs, mse, full; case does not matter
   * @throws PpoException for any other name, listing the legal ones
   */
  public static KlPenalty named(String name) {
    return Arrays.stream(values())
        .filter(penalty -> penalty.key().equals(name.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(
            () ->
                new PpoException(
                    "kl_penalty: expected one of kl, abs, mse, full, found '"
                        + name
                        + "'; correct the recipe"));
  }

  /** The name in recipes: kl, abs, mse or full. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * k_t of one token from its two log-probabilities.
   *
   * @throws PpoException for {@link #FULL}, which two log-probabilities do not determine
   */
  public double term(double logprob, double refLogprob) {
    double difference = logprob - refLogprob;
    return switch (this) {
      case KL -> difference;
      case ABS -> Math.abs(difference);
      case MSE -> 0.5 * difference * difference;
      case FULL ->
          throw new PpoException(
              "kl_penalty=full: expected KL terms over the whole vocabulary, found only the sampled"
                  + " tokens' log-probabilities; pass the terms the forward pass computed");
    };
  }
}
