package dev.cantilever.model;

import dev.cantilever.adapter.AdapterTargets;
import dev.cantilever.adapter.LoraTarget;
import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.nn.Embeddings;
import dev.cantilever.nn.Linear;
import dev.cantilever.nn.Norm;
import dev.cantilever.nn.NormBias;
import dev.cantilever.nn.Pass;
import dev.cantilever.nn.TokenSelection;
import dev.cantilever.nn.TransformerBlock;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Everything before the head.
 *
 * @param architecture the description
 * @param embeddings the way in
 * @param blocks the blocks
 * @param finalNorm the norm before the head, if there is one
 * @param projection [E, C] behind it, where the head reads another width
 * @param targets linear layers that adapters may be attached to
 */
public record Transformer(
    Architecture architecture,
    Embeddings embeddings,
    List<TransformerBlock> blocks,
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
   * a projection or an adapter acts on the norm: adapters act on the tokens of a batch, so these
   * are run at all of them.
   */
  public Var forward(Pass pass, TokenSelection selection) {
    Var x = embeddings.forward(pass);
    for (TransformerBlock block : blocks) {
      x = block.forward(pass, x);
    }
    if (projection.isPresent()) {
      return selection.forward(pass, projection.get().forward(pass, Slot.BRANCH, last(pass, x)));
    }
    if (finalNorm.filter(norm -> norm.isAdapted(pass)).isPresent()) {
      return selection.forward(pass, last(pass, x));
    }
    return last(pass, selection.forward(pass, x));
  }

  private Var last(Pass pass, Var x) {
    return finalNorm.map(norm -> norm.forward(pass, Slot.NORM, x)).orElse(x);
  }

  /** What adapters may be attached to; of norms each once, though parts may share it. */
  AdapterTargets targets(List<Linear> heads, boolean trainsHeads) {
    Stream<Norm> ofBlocks =
        blocks.stream()
            .flatMap(
                block ->
                    Stream.concat(
                        Stream.of(block.attentionNorm(), block.mlpNorm()),
                        block.branchNorms().stream()
                            .flatMap(norms -> Stream.of(norms.attention(), norms.mlp()))));
    List<NormBias> norms =
        Stream.of(embeddings.norm().stream(), ofBlocks, finalNorm.stream())
            .flatMap(part -> part)
            .flatMap(norm -> norm.bias().stream())
            .distinct()
            .toList();
    return new AdapterTargets(targets, norms, List.of(embeddings.tokens()), heads, trainsHeads);
  }
}
