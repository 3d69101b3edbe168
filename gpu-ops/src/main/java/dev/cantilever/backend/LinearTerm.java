package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;

/**
 * One of the linear layers whose outputs are added, see {@link MatmulOps#linearSum}.
 *
 * @param x [N, I] F32
 * @param w [O, I]
 */
public record LinearTerm(Tensor x, Weight w) {}
