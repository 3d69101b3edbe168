package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.NormOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** A layer norm; backward computes the statistics again from the input. */
record LayerNormNode(NormOps ops, LayerNorm norm, Var x) implements Node {

  @Override
  public List<Var> inputs() {
    return List.of(x);
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    ops.layerNorm(out, x.value(), norm.gamma(), norm.beta(), norm.eps());
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    if (x.needsGradient()) {
      boolean accumulate = x.hasGradient();
      ops.layerNormBackward(x.gradient(), dOut, x.value(), norm.gamma(), norm.eps(), accumulate);
    }
  }
}
