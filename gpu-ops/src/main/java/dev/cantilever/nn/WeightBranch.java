package dev.cantilever.nn;

import dev.cantilever.autograd.Parameter;

/**
 * A trained matrix of a linear layer, or of a range of its outputs, as what it is more than the
 * base's: y += x·ΔWᵀ. So the base stays as it was without its adapter, whatever its storage.
 *
 * @param adapter name of the adapter it belongs to
 * @param change ΔW, [O', I] F32
 * @param column first output of the range
 * @param trainable whether gradients are wanted
 */
public record WeightBranch(String adapter, Parameter change, int column, boolean trainable) {}
