package dev.cantilever.model;

/**
 * Policy and reference on the same rows, from one pass.
 *
 * @param policy of the policy
 * @param referenceLogprobs [M] of the reference
 * @param fullKl [M] divergence over the whole vocabulary, or empty where it was not asked for
 */
public record PolicyScores(TokenScores policy, float[] referenceLogprobs, float[] fullKl) {}
