package dev.cantilever.model;

/**
 * The head of a causal language model.
 *
 * @param tied whether it is the token embedding
 * @param bias whether it has a bias
 */
public record HeadSpec(boolean tied, boolean bias) {

  /** A head without a bias. */
  static HeadSpec plain(boolean tied) {
    return new HeadSpec(tied, false);
  }
}
