package dev.cantilever.model;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.nn.ResidualLayout;
import java.util.List;
import java.util.Optional;

/**
 * A transformer block.
 *
 * @param attention heads, layout, mask, rotary; what all layers have in common
 * @param windows how many keys a token of each layer sees at most, if not as many in all layers as
 *     {@code attention} says; else empty
 * @param scaledByLayer whether the scores of layer i, counted from 0, are divided by i + 1 as well
 * @param bias which of the attention's projections have biases
 * @param headNorms whether each query and key head has a norm of its own
 * @param mlp the MLP
 * @param residual how the parts meet the residual stream
 * @param norm the norms, and those outside of blocks
 * @param distances by which scores have a bias of their own, the same in every layer, if they do
 * @param longRows rows for which {@code attention} is not, if there are such
 */
public record BlockSpec(
    AttentionSpec attention,
    List<Integer> windows,
    boolean scaledByLayer,
    AttentionBias bias,
    boolean headNorms,
    MlpSpec mlp,
    ResidualLayout residual,
    NormSpec norm,
    Optional<DistanceBuckets> distances,
    Optional<LongRows> longRows) {

  /** Copies the list. */
  public BlockSpec {
    windows = List.copyOf(windows);
  }

  /** A block whose attention is the same in every layer, without norms of heads. */
  static BlockSpec of(
      AttentionSpec attention,
      AttentionBias bias,
      MlpSpec mlp,
      ResidualLayout residual,
      NormSpec norm) {
    return new BlockSpec(
        attention,
        List.of(),
        false,
        bias,
        false,
        mlp,
        residual,
        norm,
        Optional.empty(),
        Optional.empty());
  }

  /** The same with scores divided by the number of their layer. */
  BlockSpec withScoresDividedByLayer() {
    return new BlockSpec(
        attention, windows, true, bias, headNorms, mlp, residual, norm, distances, longRows);
  }

  /** The same with a window for each layer, {@link dev.cantilever.backend.ScoreSpec#window}. */
  BlockSpec withWindows(List<Integer> ofLayers) {
    return new BlockSpec(
        attention,
        ofLayers,
        scaledByLayer,
        bias,
        headNorms,
        mlp,
        residual,
        norm,
        distances,
        longRows);
  }

  /** The same with its parts meeting the residual stream in another way. */
  BlockSpec withResidual(ResidualLayout other) {
    return new BlockSpec(
        attention, windows, scaledByLayer, bias, headNorms, mlp, other, norm, distances, longRows);
  }

  /** The same with another attention. */
  BlockSpec withAttention(AttentionSpec other) {
    return new BlockSpec(
        other, windows, scaledByLayer, bias, headNorms, mlp, residual, norm, distances, longRows);
  }

  /** The same with RMS norms of query and key heads. */
  BlockSpec withHeadNorms() {
    return new BlockSpec(
        attention, windows, scaledByLayer, bias, true, mlp, residual, norm, distances, longRows);
  }

  /** The same with biases of scores by distance. */
  BlockSpec withDistances(DistanceBuckets buckets) {
    return new BlockSpec(
        attention,
        windows,
        scaledByLayer,
        bias,
        headNorms,
        mlp,
        residual,
        norm,
        Optional.of(buckets),
        longRows);
  }

  /** The same with rows for which its attention is not. */
  BlockSpec withLongRows(Optional<LongRows> rows) {
    return new BlockSpec(
        attention, windows, scaledByLayer, bias, headNorms, mlp, residual, norm, distances, rows);
  }

  /** Tokens of the longest row that {@link #attention} is for. */
  int longestRow() {
    return longRows.map(LongRows::originalPositions).orElse(EmbeddingSpec.ANY_LENGTH);
  }

  /** See {@link LongRows#longestCached}. */
  int longestCached() {
    return longRows.map(LongRows::longestCached).orElse(EmbeddingSpec.ANY_LENGTH);
  }

  /** Whether one attention is for rows of these numbers of tokens. */
  boolean takesTogether(int tokens, int others) {
    return longRows.isEmpty() || longRows.get().sameTable(tokens, others);
  }

  /** The same for rows of so many tokens, and then for any. */
  BlockSpec forRowsOf(int tokens) {
    return longRows
        .filter(rows -> tokens > rows.originalPositions())
        .map(rows -> withAttention(attention.withRotary(rows.rotary(tokens))))
        .map(block -> block.withLongRows(Optional.empty()))
        .orElse(this);
  }

  /** The attention of a layer, but for what weights add to its scores. */
  public AttentionSpec attention(int layer) {
    AttentionSpec windowed =
        windows.isEmpty()
            ? attention
            : attention.withScores(attention.scores().withWindow(windows.get(layer)));
    return scaledByLayer ? windowed.withScale(windowed.scale() / (layer + 1)) : windowed;
  }
}
