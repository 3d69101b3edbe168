package dev.cantilever.nn;

import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.tensor.Tensor;
import java.util.Optional;

/**
 * From token ids to the residual stream.
 *
 * @param tokens [V, C]
 * @param positions [P, C], or nothing where positions enter elsewhere
 * @param norm applied to the sum, or nothing
 */
public record Embeddings(Tensor tokens, Optional<Tensor> positions, Optional<Norm> norm) {

  /** The residual stream before the first block, [N, C]; ends the tape's block. */
  public Var forward(Pass pass) {
    EmbeddingNode node =
        new EmbeddingNode(pass.tape().backend().embedding(), tokens, positions, pass.batch());
    Slot slot = norm.isPresent() ? Slot.MIDDLE : Slot.RESIDUAL;
    Var sum = pass.tape().apply(slot, pass.batch().rows().tokens(), tokens.dim(1), false, node);
    Var out = norm.map(n -> n.forward(pass, Slot.RESIDUAL, sum)).orElse(sum);
    pass.tape().endBlock();
    return out;
  }
}
