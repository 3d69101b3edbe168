package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.EmbeddingOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/** Token embedding plus, where there is one, position embedding; frozen, so without a backward. */
record EmbeddingNode(EmbeddingOps ops, Tensor tokens, Optional<Tensor> positions, TokenBatch batch)
    implements Node {

  @Override
  public List<Var> inputs() {
    return List.of();
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    ops.gather(out, tokens, batch.ids(), false);
    positions.ifPresent(table -> ops.gather(out, table, batch.positions(), true));
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    throw new IllegalStateException("Embeddings are frozen");
  }
}
