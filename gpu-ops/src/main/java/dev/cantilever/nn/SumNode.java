package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.ActivationOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** Sum of two or three values of one shape, from left to right. */
record SumNode(ActivationOps ops, List<Var> inputs) implements Node {

  SumNode {
    if (inputs.size() < 2 || inputs.size() > 3) {
      throw new IllegalArgumentException("Expected two or three terms, got " + inputs.size());
    }
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    Tensor first = inputs.get(0).value();
    Tensor second = inputs.get(1).value();
    if (inputs.size() == 2) {
      ops.add(out, first, second);
    } else {
      ops.add(out, first, second, inputs.get(2).value());
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
