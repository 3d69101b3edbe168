package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.Activation;
import dev.cantilever.backend.ActivationOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** An activation function of the first half of x times the second half. */
record GatedActivationNode(ActivationOps ops, Activation function, Var x) implements Node {

  @Override
  public List<Var> inputs() {
    return List.of(x);
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    ops.activateGated(out, x.value(), function);
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    if (x.needsGradient()) {
      boolean accumulate = x.hasGradient();
      ops.activateGatedBackward(x.gradient(), dOut, x.value(), function, accumulate);
    }
  }
}
