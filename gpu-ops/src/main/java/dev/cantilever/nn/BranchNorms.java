package dev.cantilever.nn;

/**
 * Norms of what attention and MLP add to the residual stream, before they add it.
 *
 * @param attention behind the attention
 * @param mlp behind the MLP
 */
public record BranchNorms(Norm attention, Norm mlp) {}
