package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.tensor.Tensor;
import java.util.Optional;

/**
 * An RMS norm.
 *
 * @param gamma [C]
 * @param eps added to the mean square
 */
public record RmsNorm(Tensor gamma, float eps) implements Norm {

  @Override
  public Node node(Pass pass, Var x) {
    return new RmsNormNode(pass.tape().backend().norm(), this, x);
  }

  @Override
  public Optional<NormBias> bias() {
    return Optional.empty();
  }
}
