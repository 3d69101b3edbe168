package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** The rows of a value at given tokens, [M, C] out of [N, C]. */
record SelectNode(Backend backend, Var x, Tensor tokens) implements Node {

  @Override
  public List<Var> inputs() {
    return List.of(x);
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    backend.embedding().gather(out, x.value(), tokens, false);
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    if (x.needsGradient()) {
      if (!x.hasGradient()) {
        backend.transfers().zero(x.gradient());
      }
      backend.embedding().scatterAdd(x.gradient(), dOut, tokens);
    }
  }
}
