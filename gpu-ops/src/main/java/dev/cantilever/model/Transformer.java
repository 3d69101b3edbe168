package dev.cantilever.model;

import dev.cantilever.adapter.LoraTarget;
import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.nn.Convolution;
import dev.cantilever.nn.Embeddings;
import dev.cantilever.nn.Linear;
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
 * @param convolution of the embeddings, behind the first block
 * @param finalNorm the norm before the head, if there is one
 * @param projection [E, C] behind it, where the head reads another width
 * @param targets linear layers that adapters may be attached to
 */
public record Transformer(
    Architecture architecture,
    Embeddings embeddings,
    List<TransformerBlock> blocks,
    Optional<Convolution> convolution,
    Optional<Norm> finalNorm,
    Optional<Linear> projection,
    List<LoraTarget> targets) {

  /** Copies the lists. */
  public Transformer {
    blocks = List.copyOf(blocks);
    targets = List.copyOf(targets);
  }

  /**
   * What heads read at selected tokens, [M, E]. Norm and head are run nowhere else, unless there is
   * a projection: adapters act on the tokens of a batch, so it is run at all of them.
   */
  public Var forward(Pass pass, TokenSelection selection) {
    Var embedded = embeddings.forward(pass);
    Var x = embedded;
    for (int layer = 0; layer < blocks.size(); layer++) {
      x = blocks.get(layer).forward(pass, x);
      if (layer == 0 && convolution.isPresent()) {
        x = convolution.get().forward(pass, embedded, x);
      }
    }
    if (projection.isPresent()) {
      return selection.forward(pass, projection.get().forward(pass, Slot.BRANCH, last(pass, x)));
    }
    return last(pass, selection.forward(pass, x));
  }

  private Var last(Pass pass, Var x) {
    return finalNorm.map(norm -> norm.forward(pass, Slot.NORM, x)).orElse(x);
  }
}
