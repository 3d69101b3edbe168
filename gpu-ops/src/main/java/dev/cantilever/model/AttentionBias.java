package dev.cantilever.model;

/** Which projections of an attention have biases. */
public enum AttentionBias {
  /** None. */
  NONE,
  /** Those to queries, keys and values. */
  INPUTS,
  /** Those and the one behind the heads. */
  ALL;

  /** All of them, or none. */
  static AttentionBias allIf(boolean biased) {
    return biased ? ALL : NONE;
  }
}
