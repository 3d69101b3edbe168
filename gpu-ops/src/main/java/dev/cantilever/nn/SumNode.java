package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.ActivationOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/**
 * Sum of values of one shape, from left to right.
 *
 * @param terms two or three
 */
record SumNode(ActivationOps ops, List<Var> terms) implements Node {

  SumNode(ActivationOps ops, Var... terms) {
    this(ops, List.of(terms));
  }

  @Override
  public List<Var> inputs() {
    return terms;
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    Tensor first = terms.get(0).value();
    Tensor second = terms.get(1).value();
    if (terms.size() == 2) {
      ops.add(out, first, second);
    } else {
      ops.add(out, first, second, terms.get(2).value());
    }
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    for (Var term : terms) {
      if (term.needsGradient()) {
        term.passGradient(dOut);
      }
    }
  }
}
