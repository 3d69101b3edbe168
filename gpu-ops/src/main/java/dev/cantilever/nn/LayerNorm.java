package dev.cantilever.nn;

import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.tensor.Tensor;

/**
 * A layer norm with frozen weights.
 *
 * @param gamma [C]
 * @param beta [C]
 * @param eps added to the variance
 */
public record LayerNorm(Tensor gamma, Tensor beta, float eps) {

  /** Normalises the last dimension of x. */
  public Var forward(Pass pass, Slot slot, Var x) {
    return pass.tape()
        .apply(
            slot,
            x.shape().dim(0),
            x.shape().dim(1),
            false,
            new LayerNormNode(pass.tape().backend().norm(), this, x));
  }
}
