package dev.cantilever.model;

/** Which token of a row a sequence classifier reads. */
public enum Pooling {
  /** The first, as BERT and its kin do. */
  FIRST_TOKEN,
  /** The last, as decoders do; lengths say which that is, never a padding id. */
  LAST_TOKEN
}
