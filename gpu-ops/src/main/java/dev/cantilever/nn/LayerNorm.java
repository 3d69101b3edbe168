package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.NormOps;
import dev.cantilever.tensor.Tensor;

/**
 * A layer norm.
 *
 * @param gamma [C]
 * @param beta [C]
 * @param eps added to the variance
 */
public record LayerNorm(Tensor gamma, Tensor beta, float eps) implements Norm {

  @Override
  public Node node(NormOps ops, Var x) {
    return new LayerNormNode(ops, this, x);
  }
}
