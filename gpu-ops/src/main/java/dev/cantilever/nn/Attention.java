package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.AttentionOps;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.tensor.PackedRows;

/**
 * Fused projection, attention, output projection.
 *
 * @param layer index of the block, for the KV cache
 * @param spec heads, layout, mask, rotary
 * @param qkv [W, C]
 * @param output [C, H·D]
 */
public record Attention(int layer, AttentionSpec spec, Linear qkv, Linear output) {

  /** The residual stream behind the attention, [N, C]. */
  public Var forward(Pass pass, Slot slot, Var x, Var residual) {
    return output.forward(pass, slot, attended(pass, x), residual);
  }

  /** What the output projection reads, [N, H·D]. */
  Var attended(Pass pass, Var x) {
    Var projected = qkv.forward(pass, Slot.QKV, x);
    AttentionOps ops = pass.tape().backend().attention();
    PackedRows rows = pass.batch().rows();
    Node node =
        pass.cached()
            .<Node>map(
                cached ->
                    new CachedAttentionNode(
                        ops, spec, cached.cache().layer(layer), cached.tokens(), projected))
            .orElseGet(() -> new AttentionNode(ops, spec, rows, projected));
    return pass.tape().apply(Slot.ATTENTION, rows.tokens(), spec.outputSize(), false, node);
  }
}
