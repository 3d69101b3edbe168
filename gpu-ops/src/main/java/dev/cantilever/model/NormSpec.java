package dev.cantilever.model;

/**
 * The norms of a model, all alike.
 *
 * @param kind what they compute
 * @param eps added to the variance, or to the mean square
 */
public record NormSpec(NormKind kind, float eps) {}
