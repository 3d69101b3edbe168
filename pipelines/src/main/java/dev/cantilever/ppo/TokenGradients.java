package dev.cantilever.ppo;

/**
 * The gradients of the total loss, to be sent back through the model.
 *
 * @param logprobs with respect to the new log-probability of each sampled token
 * @param values with respect to each new value prediction; the value coefficient is in it
 */
public record TokenGradients(TokenRows logprobs, TokenRows values) {}
