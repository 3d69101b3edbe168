package dev.cantilever.nn;

import dev.cantilever.tensor.Weight;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What adapters have attached to a linear layer at the time of a call.
 *
 * @param name of the layer, the key of its dropout
 * @param weight of the layer
 * @param branches in the order in which they act
 * @param biases trained ones, which add up
 * @param wholes matrices of adapters that hold the layer, or a range of its outputs, whole: of
 *     several of a range the one attached last acts
 * @param wholeBiases biases of such, of which the same holds
 */
record LinearBranches(
    String name,
    Weight weight,
    List<LoraBranch> branches,
    List<BiasBranch> biases,
    List<WeightBranch> wholes,
    List<BiasBranch> wholeBiases) {

  LinearBranches {
    branches = List.copyOf(branches);
    biases = List.copyOf(biases);
    wholes = List.copyOf(wholes);
    wholeBiases = List.copyOf(wholeBiases);
  }

  /** Those that act on a span. */
  SpanBranches on(Pass pass, Span span) {
    return new SpanBranches(pass, span, acting(span.adapters()));
  }

  /** Those that act where some adapters do. */
  LinearBranches acting(Set<String> adapters) {
    return new LinearBranches(
        name,
        weight,
        branches.stream().filter(b -> adapters.contains(b.adapter())).toList(),
        biases.stream().filter(b -> adapters.contains(b.adapter())).toList(),
        last(wholes, w -> adapters.contains(w.adapter()), WeightBranch::column),
        last(wholeBiases, b -> adapters.contains(b.adapter()), BiasBranch::column));
  }

  private static <T> List<T> last(List<T> inOrder, Predicate<T> acts, Function<T, Integer> column) {
    if (inOrder.isEmpty()) {
      return inOrder;
    }
    Map<Integer, T> byColumn = new LinkedHashMap<>();
    inOrder.stream().filter(acts).forEach(one -> byColumn.put(column.apply(one), one));
    return List.copyOf(byColumn.values());
  }

  /** The biases that are added: those beside the base's, and those of what is held whole. */
  List<BiasBranch> allBiases() {
    return Stream.of(biases, wholeBiases).flatMap(Collection::stream).toList();
  }

  /** Whether the layer's input is needed to go backward. */
  boolean readInput() {
    return branches.stream().anyMatch(LoraBranch::trainable)
        || wholes.stream().anyMatch(WeightBranch::trainable);
  }

  /** Whether something is trained. */
  boolean trains() {
    return readInput() || allBiases().stream().anyMatch(BiasBranch::trainable);
  }

  /** Whether an adapter of this name has attached any. */
  boolean haveAny(String adapter) {
    LinearBranches own = acting(Set.of(adapter));
    return !own.branches.isEmpty() || !own.wholes.isEmpty() || !own.allBiases().isEmpty();
  }
}
