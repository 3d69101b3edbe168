package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.EmbeddingOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * Sum of the embeddings of token, times its factor, position and type, where there are such;
 * frozen, so without a backward.
 */
record EmbeddingNode(
    Backend backend,
    Tensor tokens,
    float scale,
    Optional<Tensor> positions,
    Optional<Tensor> types,
    TokenBatch batch)
    implements Node {

  @Override
  public List<Var> inputs() {
    return List.of();
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    EmbeddingOps ops = backend.embedding();
    ops.gather(out, tokens, batch.ids(), false);
    if (scale != 1) {
      backend.activation().scale(out, out, scale);
    }
    positions.ifPresent(table -> ops.gather(out, table, batch.positions(), true));
    types.ifPresent(table -> ops.gather(out, table, typesOfTokens(), true));
  }

  private Tensor typesOfTokens() {
    return batch
        .types()
        .orElseThrow(
            () -> new IllegalStateException("Expected a batch with the types of its tokens"));
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    throw new IllegalStateException("Embeddings are frozen");
  }
}
