package dev.cantilever.nn;

/** How attention and MLP of a block meet the residual stream. */
public enum ResidualLayout {
  /** x + attention(norm₁ x) + mlp(norm₂ x); GPT-NeoX, GPT-J. */
  PARALLEL,
  /** m = x + attention(norm₁ x); m + mlp(norm₂ m). */
  PRE_NORM,
  /** n = norm₁ x, m = n + attention(n); norm₂ m + mlp(norm₂ m); BLOOM where its config says so. */
  FROM_NORMS,
  /** m = norm₁(x + attention(x)); norm₂(m + mlp(m)); BERT and its kin. */
  POST_NORM,
  /**
   * m = x + norm₂(attention(norm₁ x)); m + norm₄(mlp(norm₃ m)), where norm₂ and norm₄ are the norms
   * of branches; Gemma 2.
   */
  BRANCH_NORM
}
