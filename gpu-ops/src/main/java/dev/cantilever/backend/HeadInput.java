package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.List;

/**
 * What an output head reads and multiplies by: it gives hidden·Wᵀ + b + Σ low·Bᵀ, [M, V], brought
 * to lengths where a term has such.
 *
 * @param hidden [M, C] F32, after the final norm
 * @param weight [V, C], with the bias b if there is one
 * @param terms added one after the other in their order
 */
public record HeadInput(Tensor hidden, Weight weight, List<HeadTerm> terms) {

  /** Copies the list. */
  public HeadInput {
    terms = List.copyOf(terms);
  }

  /** Without low-rank terms. */
  public static HeadInput of(Tensor hidden, Weight weight) {
    return new HeadInput(hidden, weight, List.of());
  }

  /** What these tokens make of some entries, whose weight is at hand. */
  public HeadInput part(int from, int to, int first, Weight entries) {
    int end = first + entries.outFeatures();
    return new HeadInput(
        hidden.slice(from, to),
        entries,
        terms.stream().map(term -> term.tokens(from, to).entries(first, end)).toList());
  }

  /** M. */
  public int tokens() {
    return hidden.size(0);
  }

  /** V. */
  public int entries() {
    return weight.outFeatures();
  }
}
