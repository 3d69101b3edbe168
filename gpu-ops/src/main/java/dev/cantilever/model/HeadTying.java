package dev.cantilever.model;

/** Which matrix a language model's head has. */
public enum HeadTying {
  /** One of its own. */
  OWN,
  /** The token embedding. */
  TIED,
  /**
   * One of its own where the checkpoint holds it with other contents, else the token embedding: T5,
   * whose configs say nothing of it once transformers 5 has saved them.
   */
  TIED_UNLESS_STORED
}
