package dev.cantilever.model;

/**
 * Gradient of a loss with respect to what a model says of every response token.
 *
 * @param logprobs [M]
 * @param values [M]
 */
public record TokenGradients(float[] logprobs, float[] values) {}
