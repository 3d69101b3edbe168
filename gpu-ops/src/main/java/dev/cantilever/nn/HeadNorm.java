package dev.cantilever.nn;

import dev.cantilever.tensor.Tensor;

/**
 * RMS norms of query and key heads, between their projection and the rotary embedding; Qwen3.
 *
 * @param queries [D], what every query head is multiplied by last
 * @param keys [D], the same of key heads
 * @param eps added to the mean square
 */
public record HeadNorm(Tensor queries, Tensor keys, float eps) {}
