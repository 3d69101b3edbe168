package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.ActivationOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** Sum of two values of one shape. */
record SumNode(ActivationOps ops, Var first, Var second) implements Node {

  @Override
  public List<Var> inputs() {
    return List.of(first, second);
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    ops.add(out, first.value(), second.value());
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    for (Var term : inputs()) {
      if (term.needsGradient()) {
        term.passGradient(dOut);
      }
    }
  }
}
