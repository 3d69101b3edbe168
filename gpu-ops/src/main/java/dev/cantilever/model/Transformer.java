package dev.cantilever.model;

import dev.cantilever.adapter.LoraTarget;
import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.nn.Embeddings;
import dev.cantilever.nn.Norm;
import dev.cantilever.nn.Pass;
import dev.cantilever.nn.TokenSelection;
import dev.cantilever.nn.TransformerBlock;
import java.util.List;
import java.util.Optional;

/**
 * Everything before the head.
 *
 * @param architecture the description
 * @param embeddings the way in
 * @param blocks the blocks
 * @param finalNorm the norm before the head, if there is one
 * @param targets linear layers that adapters may be attached to
 */
public record Transformer(
    Architecture architecture,
    Embeddings embeddings,
    List<TransformerBlock> blocks,
    Optional<Norm> finalNorm,
    List<LoraTarget> targets) {

  /** Copies the lists. */
  public Transformer {
    blocks = List.copyOf(blocks);
    targets = List.copyOf(targets);
  }

  /**
   * Hidden states after the final norm at selected tokens, [M, C]. Norm and head are run nowhere
   * else.
   */
  public Var forward(Pass pass, TokenSelection selection) {
    Var x = embeddings.forward(pass);
    for (TransformerBlock block : blocks) {
      x = block.forward(pass, x);
    }
    Var selected = selection.forward(pass, x);
    return finalNorm.map(norm -> norm.forward(pass, Slot.NORM, selected)).orElse(selected);
  }
}
