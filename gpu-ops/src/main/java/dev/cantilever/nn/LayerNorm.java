package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.tensor.Tensor;
import java.util.Optional;

/**
 * A layer norm.
 *
 * @param gamma [C]
 * @param beta [C]
 * @param eps added to the variance
 * @param bias the same as adapters see it, where the checkpoint has one
 */
public record LayerNorm(Tensor gamma, Tensor beta, float eps, Optional<NormBias> bias)
    implements Norm {

  @Override
  public Node node(Pass pass, Var x) {
    return new LayerNormNode(pass, this, x);
  }
}
