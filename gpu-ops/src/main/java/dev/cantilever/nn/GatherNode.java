package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.EmbeddingOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** Rows of a table by index; frozen, so without a backward. */
record GatherNode(EmbeddingOps ops, Tensor table, Tensor indices) implements Node {

  @Override
  public List<Var> inputs() {
    return List.of();
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    ops.gather(out, table, indices, false);
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    throw new IllegalStateException("Embeddings are frozen");
  }
}
