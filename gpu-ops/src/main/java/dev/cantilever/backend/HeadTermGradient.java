package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;
import java.util.Optional;

/**
 * Where the gradients of a {@link HeadTerm} go, with dx the gradient of what the head gives.
 *
 * @param dLow [M, R] F32, overwritten by dx·B
 * @param dB [V, R] F32, to which dxᵀ·low is added in ascending m; nothing where B is frozen
 */
public record HeadTermGradient(Tensor dLow, Optional<Tensor> dB) {}
