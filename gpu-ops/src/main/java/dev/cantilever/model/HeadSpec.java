package dev.cantilever.model;

/**
 * The head of a causal language model.
 *
 * @param tied whether it is the token embedding
 * @param bias whether it has a bias
 * @param cap of its logits, cap·tanh(x/cap); 0 for none
 */
public record HeadSpec(boolean tied, boolean bias, float cap) {

  /** A head without a bias. */
  static HeadSpec plain(boolean tied) {
    return new HeadSpec(tied, false, 0);
  }

  /** The same with a cap. */
  HeadSpec cappedAt(float other) {
    return new HeadSpec(tied, bias, other);
  }
}
