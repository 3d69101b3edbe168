package dev.cantilever.ppo;

/**
 * What the losses aim at.
 *
 * @param advantages A_t, whitened over the batch
 * @param returns {@code A_t + V_t} before whitening: what the value head is to predict
 */
public record Advantages(TokenRows advantages, TokenRows returns) {}
