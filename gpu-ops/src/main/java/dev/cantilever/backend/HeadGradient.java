package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * What the gradients of an output head are added to: Σ_m dx(m, v)·hidden(m) and Σ_m dx(m, v), with
 * dx the gradient of what the head gives for token m. Each element is one chain of fused
 * multiply-adds in ascending m that goes on from what is there, so that tokens may come in any
 * number of calls.
 *
 * @param matrix [V, C] F32, or nothing where it is frozen
 * @param bias [V] F32, or nothing where it is frozen or there is none
 * @param terms where those of the head's low-rank terms go, in the order of the terms
 */
public record HeadGradient(
    Optional<Tensor> matrix, Optional<Tensor> bias, List<HeadTermGradient> terms) {

  /** Of a frozen head without low-rank terms. */
  public static final HeadGradient NONE = new HeadGradient(Optional.empty(), Optional.empty());

  /** Copies the list. */
  public HeadGradient {
    terms = List.copyOf(terms);
  }

  /** Of a head without low-rank terms. */
  public HeadGradient(Optional<Tensor> matrix, Optional<Tensor> bias) {
    this(matrix, bias, List.of());
  }

  /** Where what some tokens give goes. */
  public HeadGradient tokens(int from, int to) {
    return withTerms(terms.stream().map(term -> term.tokens(from, to)).toList());
  }

  /** The same with the gradients of low-rank terms. */
  public HeadGradient withTerms(List<HeadTermGradient> ofTerms) {
    return new HeadGradient(matrix, bias, ofTerms);
  }
}
