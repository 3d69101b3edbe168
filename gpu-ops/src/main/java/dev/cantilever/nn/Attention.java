package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.AttentionOps;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.tensor.PackedRows;
import java.util.Optional;

/**
 * Fused projection, attention, output projection.
 *
 * @param layer index of the block, for the KV cache
 * @param spec heads, layout, mask, rotary
 * @param qkv [W, C]
 * @param headNorm of queries and keys behind it, if there is one
 * @param output [C, H·D]
 * @param positionTerms what relative positions add to the scores, if they do
 */
public record Attention(
    int layer,
    AttentionSpec spec,
    Linear qkv,
    Optional<HeadNorm> headNorm,
    Linear output,
    Optional<PositionTerms> positionTerms) {

  /** The same with heads turned by another table. */
  Attention withRotary(RotarySpec rotary) {
    return new Attention(layer, spec.withRotary(rotary), qkv, headNorm, output, positionTerms);
  }

  /** What attention adds to the residual stream, [N, C]. */
  public Var forward(Pass pass, Slot slot, Var x) {
    return output.forward(pass, slot, attended(pass, x));
  }

  /** The residual stream behind the attention, [N, C]. */
  public Var forward(Pass pass, Slot slot, Var x, Var residual) {
    return output.forward(pass, slot, attended(pass, x), residual);
  }

  private Var attended(Pass pass, Var x) {
    return attendedTo(pass, qkv.forward(pass, Slot.QKV, x));
  }

  /**
   * What the output projection reads, [N, H·D].
   *
   * @param heads what the fused projection gives, [N, W]
   */
  Var attendedTo(Pass pass, Var heads) {
    Var projected = normed(pass, heads);
    Node node =
        positionTerms
            .<Node>map(terms -> new DisentangledAttentionNode(pass, terms, projected))
            .orElseGet(() -> plain(pass, projected));
    int tokens = pass.batch().rows().tokens();
    return pass.tape().apply(Slot.ATTENTION, tokens, spec.outputSize(), false, node);
  }

  private Node plain(Pass pass, Var projected) {
    AttentionOps ops = pass.tape().backend().attention();
    PackedRows rows = pass.batch().rows();
    return pass.cached()
        .<Node>map(
            cached ->
                new CachedAttentionNode(
                    ops, spec, cached.cache().layer(layer), cached.tokens(), projected))
        .orElseGet(() -> new AttentionNode(ops, spec, rows, projected));
  }

  private Var normed(Pass pass, Var heads) {
    return headNorm
        .map(norm -> new HeadNormNode(pass.tape().backend().norm(), norm, spec, heads))
        .map(
            node ->
                pass.tape()
                    .apply(Slot.HEADS, heads.shape().dim(0), spec.projectionSize(), false, node))
        .orElse(heads);
  }
}
