package dev.cantilever.model;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.nn.ResidualLayout;

/**
 * A transformer block.
 *
 * @param attention heads, layout, mask, rotary
 * @param scaledByLayer whether the scores of layer i, counted from 0, are divided by i + 1 as well
 * @param qkvBias whether the projections to queries, keys and values have biases
 * @param outputBias whether the attention's output projection has one
 * @param mlp the MLP
 * @param residual how the parts meet the residual stream
 * @param norm the norms, and those outside of blocks
 */
public record BlockSpec(
    AttentionSpec attention,
    boolean scaledByLayer,
    boolean qkvBias,
    boolean outputBias,
    MlpSpec mlp,
    ResidualLayout residual,
    NormSpec norm) {

  /** The attention of a layer. */
  AttentionSpec attention(int layer) {
    return scaledByLayer ? attention.withScale(attention.scale() / (layer + 1)) : attention;
  }
}
