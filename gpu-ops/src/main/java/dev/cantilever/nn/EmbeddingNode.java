package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * Token embedding times its factor plus, where there is one, position embedding; frozen, so without
 * a backward.
 */
record EmbeddingNode(
    Backend backend, Tensor tokens, float scale, Optional<Tensor> positions, TokenBatch batch)
    implements Node {

  @Override
  public List<Var> inputs() {
    return List.of();
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    backend.embedding().gather(out, tokens, batch.ids(), false);
    if (scale != 1) {
      backend.activation().scale(out, out, scale);
    }
    positions.ifPresent(table -> backend.embedding().gather(out, table, batch.positions(), true));
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    throw new IllegalStateException("Embeddings are frozen");
  }
}
