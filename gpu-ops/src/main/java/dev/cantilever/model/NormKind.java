package dev.cantilever.model;

/** What the norms of a model are. */
public enum NormKind {
  /** Mean and variance, scale and shift. */
  LAYER,
  /** A layer norm without scale and shift. */
  PLAIN_LAYER,
  /** Mean square, scale. */
  RMS,
  /** Mean square; what is stored is the scale less 1 (Gemma). */
  RMS_OFFSET
}
