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

/** Attention over a KV cache; generation only, without a backward. */
record CachedAttentionNode(
    AttentionOps ops, AttentionSpec spec, KvPages pages, NewTokens tokens, Var qkv)
    implements Node {

  @Override
  public List<Var> inputs() {
    return List.of(qkv);
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    ops.attentionCached(out, qkv.value(), pages, tokens, spec);
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    throw new IllegalStateException("Attention over a KV cache has no backward");
  }
}
