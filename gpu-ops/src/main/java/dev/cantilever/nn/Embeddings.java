package dev.cantilever.nn;

import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.EmbeddingOps;
import dev.cantilever.tensor.Tensor;
import java.util.Optional;

/**
 * From token ids to the residual stream.
 *
 * @param tokens [V, E]
 * @param projection [C, E], or nothing where the table is as wide as the stream
 * @param positions [P, C], or [P, E] to be projected as tokens are, or nothing where positions
 *     enter elsewhere
 * @param types [Y, E], added before the projection, or nothing
 * @param norm applied to the sum, or nothing
 */
public record Embeddings(
    Tensor tokens,
    Optional<Linear> projection,
    Optional<Tensor> positions,
    Optional<Tensor> types,
    Optional<Norm> norm) {

  /** The residual stream before the first block, [N, C]; ends the tape's block. */
  public Var forward(Pass pass) {
    Slot slot = norm.isPresent() ? Slot.MIDDLE : Slot.RESIDUAL;
    Var sum =
        projection
            .map(linear -> projected(pass, slot, linear))
            .orElseGet(() -> sum(pass, slot, positions));
    Var out = norm.map(n -> n.forward(pass, Slot.RESIDUAL, sum)).orElse(sum);
    pass.tape().endBlock();
    return out;
  }

  private Var sum(Pass pass, Slot slot, Optional<Tensor> added) {
    EmbeddingNode node = new EmbeddingNode(ops(pass), tokens, added, types, pass.batch());
    return pass.tape().apply(slot, pass.batch().rows().tokens(), tokens.dim(1), false, node);
  }

  private Var projected(Pass pass, Slot slot, Linear linear) {
    Optional<Tensor> wide = positions.filter(table -> table.dim(1) != tokens.dim(1));
    Var narrow = sum(pass, Slot.MIDDLE, wide.isPresent() ? Optional.empty() : positions);
    return wide.map(table -> gathered(pass, Slot.BRANCH, table, pass.batch().positions()))
        .map(position -> linear.forward(pass, slot, narrow, position))
        .orElseGet(() -> linear.forward(pass, slot, narrow));
  }

  private static Var gathered(Pass pass, Slot slot, Tensor table, Tensor indices) {
    GatherNode node = new GatherNode(ops(pass), table, indices);
    return pass.tape().apply(slot, indices.dim(0), table.dim(1), false, node);
  }

  private static EmbeddingOps ops(Pass pass) {
    return pass.tape().backend().embedding();
  }
}
