package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;

/**
 * A parameter of {@link OptimizerOps#adamW}: all F32 and of one size.
 *
 * @param p parameters
 * @param g gradients
 * @param m first moments
 * @param v second moments
 */
public record AdamWTensors(Tensor p, Tensor g, Tensor m, Tensor v) {}
