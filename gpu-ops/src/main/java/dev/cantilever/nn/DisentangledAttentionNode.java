package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.function.Consumer;

/**
 * Attention of packed rows to themselves with terms of relative positions, whose keys and queries
 * are computed in every pass: they are few beside those of a batch.
 */
record DisentangledAttentionNode(Pass pass, PositionTerms terms, Var qkv) implements Node {

  @Override
  public List<Var> inputs() {
    return List.of(qkv);
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    Tensor input = qkv.value();
    Backend backend = pass.tape().backend();
    withPositions(
        positions ->
            backend
                .attention()
                .disentangledAttention(
                    out, input, positions, terms.places(), pass.batch().rows(), terms.spec()));
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    if (!qkv.needsGradient()) {
      return;
    }
    Tensor input = qkv.value();
    Tensor dInput = qkv.gradient();
    Backend backend = pass.tape().backend();
    withPositions(
        positions ->
            backend
                .attention()
                .disentangledAttentionBackward(
                    dInput,
                    dOut,
                    input,
                    positions,
                    terms.places(),
                    pass.batch().rows(),
                    terms.spec()));
  }

  private void withPositions(Consumer<Tensor> use) {
    Arena scratch = pass.tape().scratch();
    Arena.Mark mark = scratch.mark();
    Tensor embeddings = terms.embeddings();
    Tensor positions =
        Tensor.in(scratch, DType.F32, embeddings.dim(0), terms.projection().outFeatures());
    pass.tape().backend().matmul().linear(positions, embeddings, terms.projection());
    use.accept(positions);
    scratch.reset(mark);
  }
}
