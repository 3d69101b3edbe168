package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.NormOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** An RMS norm; backward computes the mean square again from the input. */
record RmsNormNode(NormOps ops, RmsNorm norm, Var x) implements Node {

  @Override
  public List<Var> inputs() {
    return List.of(x);
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    ops.rmsNorm(out, x.value(), norm.gamma(), norm.eps());
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    if (x.needsGradient()) {
      boolean accumulate = x.hasGradient();
      ops.rmsNormBackward(x.gradient(), dOut, x.value(), norm.gamma(), norm.eps(), accumulate);
    }
  }
}
