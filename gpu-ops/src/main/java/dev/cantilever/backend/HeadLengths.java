package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;
import java.util.Optional;

/**
 * DoRA's lengths of what an output head and its low-rank terms give (Liu et al. 2024): with z =
 * hidden·Wᵀ + Σ low·Bᵀ up to and with their term, z becomes g·z, or z + (g − 1)·z′ where z′ is made
 * of other hidden states. The bias b is not lengthened.
 *
 * @param gain g, [V] F32, so the others
 * @param excess g − 1
 * @param excessShift (1 − g)·b
 * @param inverseNorm 1/‖W + scale·B·A‖, by which a length's gradient is multiplied
 * @param zero zeros
 * @param dropped [M, C] F32, those that z′ = dropped·Wᵀ + low·Bᵀ is made of, in a pass that drops
 *     some of the hidden states' elements
 */
public record HeadLengths(
    Tensor gain,
    Tensor excess,
    Tensor excessShift,
    Tensor inverseNorm,
    Tensor zero,
    Optional<Tensor> dropped) {

  /** Of some tokens. */
  HeadLengths tokens(int from, int to) {
    return new HeadLengths(
        gain, excess, excessShift, inverseNorm, zero, dropped.map(all -> all.slice(from, to)));
  }

  /** Of some entries. */
  HeadLengths entries(int first, int end) {
    return new HeadLengths(
        gain.slice(first, end),
        excess.slice(first, end),
        excessShift.slice(first, end),
        inverseNorm.slice(first, end),
        zero.slice(first, end),
        dropped);
  }
}
