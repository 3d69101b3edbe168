package dev.cantilever.model;

/** What the norms of a model are. */
public enum NormKind {
  /** Mean and variance, scale and shift. */
  LAYER,
  /** A layer norm without scale and shift. */
  PLAIN_LAYER,
  /** Mean square, scale. */
  RMS
}
