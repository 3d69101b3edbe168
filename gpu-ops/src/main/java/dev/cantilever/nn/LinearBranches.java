package dev.cantilever.nn;

import dev.cantilever.tensor.Weight;
import java.util.List;

/**
 * What adapters have attached to a linear layer at the time of a call.
 *
 * @param name of the layer, the key of its dropout
 * @param weight of the layer
 * @param branches in the order in which they act
 * @param biases trained ones
 */
record LinearBranches(
    String name, Weight weight, List<LoraBranch> branches, List<BiasBranch> biases) {

  LinearBranches {
    branches = List.copyOf(branches);
    biases = List.copyOf(biases);
  }

  /** Those that act on a span. */
  SpanBranches on(Pass pass, Span span) {
    return new SpanBranches(
        pass,
        span,
        new LinearBranches(
            name,
            weight,
            branches.stream().filter(b -> span.adapters().contains(b.adapter())).toList(),
            biases.stream().filter(b -> span.adapters().contains(b.adapter())).toList()));
  }
}
