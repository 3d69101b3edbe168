package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.ActivationOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** Sum of two or more values of one shape, from left to right. */
record SumNode(ActivationOps ops, List<Var> inputs) implements Node {

  @Override
  public void forward(Tensor out, Arena arena) {
    ops.add(out, inputs.get(0).value(), inputs.get(1).value());
    for (Var term : inputs.subList(2, inputs.size())) {
      ops.add(out, out, term.value());
    }
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    for (Var term : inputs) {
      if (term.needsGradient()) {
        term.passGradient(dOut);
      }
    }
  }
}
