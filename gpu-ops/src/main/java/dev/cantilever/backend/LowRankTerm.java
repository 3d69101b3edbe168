package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;

/**
 * A low-rank branch as {@link MatmulOps#lowRank} adds it: scale·(x·Aᵀ)·Bᵀ to a range of outputs.
 *
 * @param a [R, I] F32
 * @param b [O', R] F32 with O' the width of the range
 * @param column first output of the range
 * @param scale alpha/R, or alpha/√R
 */
public record LowRankTerm(Tensor a, Tensor b, int column, float scale) {

  /** R. */
  public int rank() {
    return a.size(0);
  }

  /** O'. */
  public int outputs() {
    return b.size(0);
  }
}
