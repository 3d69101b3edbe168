package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;
import java.util.Optional;

/**
 * Where the gradients of a {@link HeadTerm} go, with dx the gradient of what the head gives.
 *
 * @param dLow [M, R] F32, overwritten by dx·B, of g·dx where there are lengths
 * @param dB [V, R] F32, to which dxᵀ·low is added in ascending m, likewise; nothing where B is
 *     frozen
 * @param dLengths [V] F32, to which Σ_m dx·z/‖W + scale·B·A‖ is added in ascending m; nothing where
 *     they are frozen or there are none
 * @param dDropped [M, C] F32, overwritten by ((g − 1)·dx)·W; there where the hidden states of the
 *     lengths are others
 */
public record HeadTermGradient(
    Tensor dLow, Optional<Tensor> dB, Optional<Tensor> dLengths, Optional<Tensor> dDropped) {

  /** Of a term without lengths. */
  public HeadTermGradient(Tensor dLow, Optional<Tensor> dB) {
    this(dLow, dB, Optional.empty(), Optional.empty());
  }

  /** Of some tokens. */
  HeadTermGradient tokens(int from, int to) {
    return new HeadTermGradient(
        dLow.slice(from, to), dB, dLengths, dDropped.map(all -> all.slice(from, to)));
  }
}
