package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.NormOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * A layer norm, and for each span the biases of its adapters; backward computes the statistics
 * again from the input.
 */
record LayerNormNode(Pass pass, LayerNorm norm, Var x) implements Node {

  @Override
  public List<Var> inputs() {
    return List.of(x);
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    ops().layerNorm(out, x.value(), norm.gamma(), norm.beta(), norm.eps());
    forEachSpan(out, SpanBiases::forward);
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    if (x.needsGradient()) {
      boolean accumulate = x.hasGradient();
      ops().layerNormBackward(x.gradient(), dOut, x.value(), norm.gamma(), norm.eps(), accumulate);
    }
    forEachSpan(dOut, SpanBiases::backward);
  }

  /** Calls with the biases that act on a span and its rows of a tensor. */
  private void forEachSpan(Tensor tensor, BiConsumer<SpanBiases, Tensor> call) {
    if (norm.isAdapted(pass)) {
      NormBias bias = norm.bias().orElseThrow();
      for (Span span : pass.batch().spans()) {
        call.accept(bias.on(pass, span), tensor.slice(span.firstToken(), span.endToken()));
      }
    }
  }

  private NormOps ops() {
    return pass.tape().backend().norm();
  }
}
