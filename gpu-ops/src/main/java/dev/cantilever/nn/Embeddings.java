package dev.cantilever.nn;

import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * From token ids to the residual stream.
 *
 * @param tokens [V, E]; adapters may have their own
 * @param scale factor on their rows
 * @param projection [C, E], or nothing where the table is as wide as the stream
 * @param positions as wide as the stream, or as the table of tokens to be projected with them, or
 *     nothing where positions enter elsewhere; adapters may have their own
 * @param types [Y, E], added before the projection, or nothing
 * @param norm applied to the sum, or nothing
 */
public record Embeddings(
    EmbeddingTable tokens,
    float scale,
    Optional<Linear> projection,
    Optional<PositionTable> positions,
    Optional<EmbeddingTable> types,
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

  private Var embedded(Pass pass, Slot slot, Optional<PositionTable> added) {
    TokenBatch batch = pass.batch();
    List<TableLookup> lookups = new ArrayList<>();
    lookups.add(new TableLookup(pass.tape(), tokens, 0, scale, batch.ids()));
    added.ifPresent(table -> lookups.add(lookup(pass, table)));
    types.ifPresent(
        table -> lookups.add(new TableLookup(pass.tape(), table, 0, 1, typesOfTokens(batch))));
    return apply(pass, slot, lookups);
  }

  private Var projected(Pass pass, Slot slot, Linear linear) {
    Optional<PositionTable> wide =
        positions.filter(position -> position.table().width() != tokens.width());
    Var narrow = embedded(pass, Slot.MIDDLE, wide.isPresent() ? Optional.empty() : positions);
    return wide.map(table -> apply(pass, Slot.BRANCH, List.of(lookup(pass, table))))
        .map(position -> linear.forward(pass, slot, narrow, position))
        .orElseGet(() -> linear.forward(pass, slot, narrow));
  }

  private static TableLookup lookup(Pass pass, PositionTable positions) {
    Tensor indices = pass.batch().positions();
    return new TableLookup(pass.tape(), positions.table(), positions.unused(), 1, indices);
  }

  private static Tensor typesOfTokens(TokenBatch batch) {
    return batch
        .types()
        .orElseThrow(
            () -> new IllegalStateException("Expected a batch with the types of its tokens"));
  }

  private static Var apply(Pass pass, Slot slot, List<TableLookup> lookups) {
    EmbeddingNode node = new EmbeddingNode(lookups, pass.batch());
    int width = lookups.get(0).table().width();
    return pass.tape().apply(slot, pass.batch().rows().tokens(), width, node.trains(), node);
  }
}
