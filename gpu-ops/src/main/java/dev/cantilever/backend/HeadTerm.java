package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;
import java.util.Optional;

/**
 * A low-rank branch of an output head, as losses see it: it adds low·Bᵀ to what the head gives.
 *
 * @param low [M, R] F32, scale·hidden·Aᵀ
 * @param b [V, R] F32
 * @param lengths what the sum is brought to, or nothing
 */
public record HeadTerm(Tensor low, Tensor b, Optional<HeadLengths> lengths) {

  /** Without lengths. */
  public HeadTerm(Tensor low, Tensor b) {
    this(low, b, Optional.empty());
  }

  /** Of some tokens. */
  HeadTerm tokens(int from, int to) {
    return new HeadTerm(low.slice(from, to), b, lengths.map(all -> all.tokens(from, to)));
  }

  /** Of some entries. */
  HeadTerm entries(int first, int end) {
    return new HeadTerm(low, b.slice(first, end), lengths.map(all -> all.entries(first, end)));
  }

  boolean drops() {
    return lengths.flatMap(HeadLengths::dropped).isPresent();
  }
}
