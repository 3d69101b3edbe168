package dev.cantilever.nn;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.tensor.Tensor;

/**
 * A trained bias of a linear layer, as what it is more than the base's: so that without its adapter
 * the base is as it was.
 *
 * @param adapter name of the adapter it belongs to
 * @param change [O'], added to the outputs
 * @param column first output of the range
 * @param zero [O'], zeros
 * @param trainable whether gradients are wanted
 */
public record BiasBranch(
    String adapter, Parameter change, int column, Tensor zero, boolean trainable) {}
