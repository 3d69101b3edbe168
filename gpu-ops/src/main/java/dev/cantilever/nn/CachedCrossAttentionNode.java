package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.AttentionOps;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.KvPages;
import dev.cantilever.backend.NewTokens;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Attention of a decoder's tokens to keys and values in a cache, to which those of rows that enter
 * are added first; generation only, without a backward.
 *
 * @param pages of one layer
 * @param tokens the decoder's, whose slots are those of the pages too
 * @param entering places of what is added, if something is
 * @param queries [N, H·D]
 * @param keysValues what is added, [S, 2·K·D]
 */
record CachedCrossAttentionNode(
    AttentionOps ops,
    AttentionSpec spec,
    KvPages pages,
    NewTokens tokens,
    Optional<NewTokens> entering,
    Var queries,
    Optional<Var> keysValues)
    implements Node {

  @Override
  public List<Var> inputs() {
    return Stream.concat(Stream.of(queries), keysValues.stream()).toList();
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    if (entering.isPresent() && keysValues.isPresent()) {
      ops.appendKeys(pages, keysValues.get().value(), entering.get(), spec);
    }
    ops.crossAttentionCached(out, queries.value(), pages, tokens.slots(), tokens.rows(), spec);
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    throw new IllegalStateException("Attention over a KV cache has no backward");
  }
}
