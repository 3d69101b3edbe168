package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.NormOps;
import dev.cantilever.tensor.Tensor;

/**
 * An RMS norm.
 *
 * @param gamma [C]
 * @param eps added to the mean square
 */
public record RmsNorm(Tensor gamma, float eps) implements Norm {

  @Override
  public Node node(NormOps ops, Var x) {
    return new RmsNormNode(ops, this, x);
  }
}
