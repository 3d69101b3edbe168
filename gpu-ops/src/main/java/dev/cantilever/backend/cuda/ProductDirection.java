package dev.cantilever.backend.cuda;

/** Which product with a frozen weight; the names are definitions of its kernels. */
enum ProductDirection {
  /** y = x·Wᵀ: a sum over inputs. */
  FORWARD,
  /** dx = dy·W: a sum over outputs. */
  GRADIENT
}
