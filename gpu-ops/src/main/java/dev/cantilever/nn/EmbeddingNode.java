package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/**
 * Sum of rows of tables of embeddings: of tokens, positions and types. Its gradient goes to each
 * table as it is.
 *
 * @param lookups the tables, in the order of the sum
 */
record EmbeddingNode(List<TableLookup> lookups, TokenBatch batch) implements Node {

  EmbeddingNode {
    lookups = List.copyOf(lookups);
  }

  /** Whether some table is trained. */
  boolean trains() {
    return lookups.stream().anyMatch(lookup -> lookup.table().trains(batch));
  }

  @Override
  public List<Var> inputs() {
    return List.of();
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    for (int i = 0; i < lookups.size(); i++) {
      lookups.get(i).forward(out, batch, i > 0);
    }
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    lookups.forEach(lookup -> lookup.backward(dOut, batch));
  }
}
