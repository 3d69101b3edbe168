package dev.cantilever.model;

/**
 * The head of a language model.
 *
 * @param tying whether it is the token embedding
 * @param bias whether it has a bias
 * @param cap of its logits, cap·tanh(x/cap); 0 for none
 * @param scale factor on its logits, of which none is capped then
 */
public record HeadSpec(HeadTying tying, boolean bias, float cap, float scale) {

  /** Checks that one of the two changes is none. */
  public HeadSpec {
    if (cap != 0 && scale != 1) {
      throw new IllegalArgumentException(
          "Expected a cap or a factor of logits, got %s and %s".formatted(cap, scale));
    }
  }

  /** A head without a bias. */
  static HeadSpec plain(boolean tied) {
    return new HeadSpec(tied ? HeadTying.TIED : HeadTying.OWN, false, 0, 1);
  }

  /** The same with a bias. */
  HeadSpec biased() {
    return new HeadSpec(tying, true, cap, scale);
  }

  /** The same with a cap. */
  HeadSpec cappedAt(float other) {
    return new HeadSpec(tying, bias, other, scale);
  }
}
