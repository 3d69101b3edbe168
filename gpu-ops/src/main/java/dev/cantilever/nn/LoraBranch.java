package dev.cantilever.nn;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.LowRankTerm;
import java.util.Optional;

/**
 * One low-rank branch of a linear layer (Hu et al. 2021): adds scale·B·A·x to a range of outputs.
 *
 * @param adapter name of the adapter it belongs to
 * @param a [R, I]
 * @param b [O', R] with O' the width of the range
 * @param column first output of the range; 0 unless the layer is fused from several
 * @param scale alpha/R, or alpha/√R
 * @param dropout probability of dropping an input element in passes that have a dropout key
 * @param trainable whether gradients are wanted; a frozen adapter still passes them on
 * @param magnitude lengths of the outputs of base and branches so far together (DoRA), if it has
 *     such
 */
public record LoraBranch(
    String adapter,
    Parameter a,
    Parameter b,
    int column,
    float scale,
    float dropout,
    boolean trainable,
    Optional<Magnitude> magnitude) {

  /** What it adds to a linear layer's outputs. */
  LowRankTerm term() {
    return new LowRankTerm(a.value(), b.value(), column, scale);
  }

  /** R. */
  public int rank() {
    return a.value().size(0);
  }

  /**
   * The key of its dropout.
   *
   * @param pass key of the pass
   * @param layer name of the layer it is on
   */
  long dropoutKey(long pass, String layer) {
    long place = 31L * layer.hashCode() + column;
    return pass ^ place * 0x9E3779B97F4A7C15L;
  }
}
