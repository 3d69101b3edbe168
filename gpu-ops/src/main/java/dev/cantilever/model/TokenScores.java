package dev.cantilever.model;

/**
 * What a model says of every response token, flat over rows.
 *
 * @param offsets offsets of the rows' responses, B + 1
 * @param logprobs [M] log-probability of each token, in nats
 * @param entropy [M] entropy of the distribution it was drawn from, in nats
 * @param values [M] value of the state before it
 */
public record TokenScores(int[] offsets, float[] logprobs, float[] entropy, float[] values) {}
