package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;

/**
 * A low-rank branch of an output head, as losses see it: it adds low·Bᵀ to what the head gives.
 *
 * @param low [M, R] F32, scale·hidden·Aᵀ
 * @param b [V, R] F32
 */
public record HeadTerm(Tensor low, Tensor b) {}
