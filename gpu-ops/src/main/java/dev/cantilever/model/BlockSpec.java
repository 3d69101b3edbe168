package dev.cantilever.model;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.nn.ResidualLayout;
import java.util.List;

/**
 * A transformer block.
 *
 * @param attention heads, layout, mask, rotary; what all layers have in common
 * @param windows how many keys a token of each layer sees at most, if not as many in all layers as
 *     {@code attention} says; else empty
 * @param scaledByLayer whether the scores of layer i, counted from 0, are divided by i + 1 as well
 * @param bias which of the attention's projections have biases
 * @param mlp the MLP
 * @param residual how the parts meet the residual stream
 * @param norm the norms, and those outside of blocks
 */
public record BlockSpec(
    AttentionSpec attention,
    List<Integer> windows,
    boolean scaledByLayer,
    AttentionBias bias,
    MlpSpec mlp,
    ResidualLayout residual,
    NormSpec norm) {

  /** Copies the list. */
  public BlockSpec {
    windows = List.copyOf(windows);
  }

  /** A block whose attention is the same in every layer. */
  static BlockSpec of(
      AttentionSpec attention,
      AttentionBias bias,
      MlpSpec mlp,
      ResidualLayout residual,
      NormSpec norm) {
    return new BlockSpec(attention, List.of(), false, bias, mlp, residual, norm);
  }

  /** The same with scores divided by the number of their layer. */
  BlockSpec withScoresDividedByLayer() {
    return new BlockSpec(attention, windows, true, bias, mlp, residual, norm);
  }

  /** The same with a window for each layer, {@link dev.cantilever.backend.ScoreSpec#window}. */
  BlockSpec withWindows(List<Integer> ofLayers) {
    return new BlockSpec(attention, ofLayers, scaledByLayer, bias, mlp, residual, norm);
  }

  /** The attention of a layer. */
  public AttentionSpec attention(int layer) {
    AttentionSpec windowed =
        windows.isEmpty()
            ? attention
            : attention.withScores(attention.scores().withWindow(windows.get(layer)));
    return scaledByLayer ? windowed.withScale(windowed.scale() / (layer + 1)) : windowed;
  }
}
