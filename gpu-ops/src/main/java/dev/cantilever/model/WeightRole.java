package dev.cantilever.model;

/**
 * What a tensor does in a transformer, which decides how it is drawn where there is no checkpoint.
 */
enum WeightRole {
  /** The factor of a norm. */
  NORM_SCALE,
  /** The factor of a norm less 1. */
  NORM_OFFSET,
  /** An embedding, the head, a projection into an attention or an MLP; biases and norm shifts. */
  PROJECTION,
  /** A projection whose result is added to the residual stream, with its bias. */
  RESIDUAL_PROJECTION
}
