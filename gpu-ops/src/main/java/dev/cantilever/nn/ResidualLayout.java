package dev.cantilever.nn;

/** How attention and MLP of a block meet the residual stream. */
public enum ResidualLayout {
  /** x + attention(norm₁ x) + mlp(norm₂ x); GPT-NeoX, GPT-J. */
  PARALLEL,
  /** m = x + attention(norm₁ x); m + mlp(norm₂ m). */
  PRE_NORM,
  /** m = norm₁(x + attention(x)); norm₂(m + mlp(m)); BERT and its kin. */
  POST_NORM
}
