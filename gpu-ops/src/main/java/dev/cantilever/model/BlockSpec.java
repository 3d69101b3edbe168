package dev.cantilever.model;

import dev.cantilever.backend.Activation;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.nn.ResidualLayout;

/**
 * A transformer block.
 *
 * @param attention heads, layout, mask, rotary
 * @param attentionBias whether QKV and output projections have biases
 * @param feedForwardSize F
 * @param activation of the MLP
 * @param residual how the parts meet the residual stream
 * @param normEps added to the variance by every norm of the model
 */
public record BlockSpec(
    AttentionSpec attention,
    boolean attentionBias,
    int feedForwardSize,
    Activation activation,
    ResidualLayout residual,
    float normEps) {}
