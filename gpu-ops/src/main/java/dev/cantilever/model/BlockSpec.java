package dev.cantilever.model;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.nn.ResidualLayout;

/**
 * A transformer block.
 *
 * @param attention heads, layout, mask, rotary
 * @param scaledByLayer whether the scores of layer i, counted from 0, are divided by i + 1 as well
 * @param bias which of the attention's projections have biases
 * @param headNorms whether each query and key head has a norm of its own
 * @param mlp the MLP
 * @param residual how the parts meet the residual stream
 * @param norm the norms, and those outside of blocks
 */
public record BlockSpec(
    AttentionSpec attention,
    boolean scaledByLayer,
    AttentionBias bias,
    boolean headNorms,
    MlpSpec mlp,
    ResidualLayout residual,
    NormSpec norm) {

  /** A block whose attention is the same in every layer, without norms of heads. */
  static BlockSpec of(
      AttentionSpec attention,
      AttentionBias bias,
      MlpSpec mlp,
      ResidualLayout residual,
      NormSpec norm) {
    return new BlockSpec(attention, false, bias, false, mlp, residual, norm);
  }

  /** The same with scores divided by the number of their layer. */
  BlockSpec withScoresDividedByLayer() {
    return new BlockSpec(attention, true, bias, headNorms, mlp, residual, norm);
  }

  /** The same with its parts meeting the residual stream in another way. */
  BlockSpec withResidual(ResidualLayout other) {
    return new BlockSpec(attention, scaledByLayer, bias, headNorms, mlp, other, norm);
  }

  /** The same with another attention. */
  BlockSpec withAttention(AttentionSpec other) {
    return new BlockSpec(other, scaledByLayer, bias, headNorms, mlp, residual, norm);
  }

  /** The same with RMS norms of query and key heads. */
  BlockSpec withHeadNorms() {
    return new BlockSpec(attention, scaledByLayer, bias, true, mlp, residual, norm);
  }

  /** The attention of a layer. */
  AttentionSpec attention(int layer) {
    return scaledByLayer ? attention.withScale(attention.scale() / (layer + 1)) : attention;
  }
}
