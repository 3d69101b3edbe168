package dev.cantilever.nn;

import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.tensor.Tensor;
import java.util.Optional;

/**
 * From token ids to the residual stream.
 *
 * @param tokens [V, E]; adapters may have their own
 * @param scale factor on their rows
 * @param projection [C, E], or nothing where the table is as wide as the stream
 * @param positions [P, C], or [P, E] to be projected as tokens are, or nothing where positions
 *     enter elsewhere
 * @param types [Y, E], added before the projection, or nothing
 * @param norm applied to the sum, or nothing
 */
public record Embeddings(
    EmbeddingTable tokens,
    float scale,
    Optional<Linear> projection,
    Optional<Tensor> positions,
    Optional<Tensor> types,
    Optional<Norm> norm) {

  /** The same with another table of tokens. */
  public Embeddings withTokens(EmbeddingTable table) {
    return new Embeddings(table, scale, projection, positions, types, norm);
  }

  /** The residual stream before the first block, [N, C]; ends the tape's block. */
  public Var forward(Pass pass) {
    Slot slot = norm.isPresent() ? Slot.MIDDLE : Slot.RESIDUAL;
    Var sum =
        projection
            .map(linear -> projected(pass, slot, linear))
            .orElseGet(() -> embedded(pass, slot, positions));
    Var out = norm.map(n -> n.forward(pass, Slot.RESIDUAL, sum)).orElse(sum);
    pass.tape().endBlock();
    return out;
  }

  private Var embedded(Pass pass, Slot slot, Optional<Tensor> added) {
    EmbeddingNode node = new EmbeddingNode(pass.tape(), tokens, scale, added, types, pass.batch());
    int rows = pass.batch().rows().tokens();
    return pass.tape().apply(slot, rows, tokens.width(), tokens.trains(pass.batch()), node);
  }

  private Var projected(Pass pass, Slot slot, Linear linear) {
    Optional<Tensor> wide = positions.filter(table -> table.dim(1) != tokens.width());
    Var narrow = embedded(pass, Slot.MIDDLE, wide.isPresent() ? Optional.empty() : positions);
    return wide.map(table -> positioned(pass, table))
        .map(position -> linear.forward(pass, slot, narrow, position))
        .orElseGet(() -> linear.forward(pass, slot, narrow));
  }

  private static Var positioned(Pass pass, Tensor table) {
    Tensor indices = pass.batch().positions();
    GatherNode node = new GatherNode(pass.tape().backend().embedding(), table, indices);
    return pass.tape().apply(Slot.BRANCH, indices.dim(0), table.dim(1), false, node);
  }
}
