package dev.cantilever.model;

/** What the norms of a model are. */
public enum NormKind {
  /** Mean and variance, scale and shift. */
  LAYER,
  /** Mean square, scale. */
  RMS
}
