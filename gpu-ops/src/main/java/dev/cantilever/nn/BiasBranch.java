package dev.cantilever.nn;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.tensor.Tensor;

/**
 * A trained bias of a linear layer or of a norm, or trained factors of a norm, as what they are
 * more than the base's: so that without its adapter the base is as it was.
 *
 * @param adapter name of the adapter it belongs to
 * @param change [O'] F32, added to the outputs, or to a norm's factors
 * @param column first output of the range
 * @param zero [O'] F32, zeros
 * @param trainable whether gradients are wanted
 */
public record BiasBranch(
    String adapter, Parameter change, int column, Tensor zero, boolean trainable) {}
