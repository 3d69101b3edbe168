package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.NormOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** RMS norms of query and key heads; backward computes the mean squares again from the input. */
record HeadNormNode(NormOps ops, HeadNorm norm, AttentionSpec spec, Var qkv) implements Node {

  @Override
  public List<Var> inputs() {
    return List.of(qkv);
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    ops.headNorm(out, qkv.value(), norm.queries(), norm.keys(), norm.eps(), spec);
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    if (qkv.needsGradient()) {
      boolean accumulate = qkv.hasGradient();
      ops.headNormBackward(
          qkv.gradient(),
          dOut,
          qkv.value(),
          norm.queries(),
          norm.keys(),
          norm.eps(),
          spec,
          accumulate);
    }
  }
}
