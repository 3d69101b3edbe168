package dev.cantilever.nn;

import dev.cantilever.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A frozen table of embeddings with branches, in whose place adapters may have their own. */
public final class EmbeddingTable {

  private final String name;
  private final Tensor values;
  private final Replaceable<Own> tables;
  private final List<TableBranch> branches = new ArrayList<>();
  private double @Nullable [] columnSquares;

  /**
   * A table that acts.
   *
   * @param values [V, E]
   * @param gradient [V, E] F32, what gradients are added to where it is trained
   */
  record Own(Tensor values, Optional<Tensor> gradient) {}

  /**
   * Wraps a table.
   *
   * @param name module path in the checkpoint
   * @param values [V, E]
   */
  public EmbeddingTable(String name, Tensor values) {
    this.name = name;
    this.values = values;
    this.tables = new Replaceable<>(new Own(values, Optional.empty()));
  }

  /** Module path in the checkpoint, which adapters are matched against. */
  public String name() {
    return name;
  }

  /** The frozen values, [V, E]. */
  public Tensor values() {
    return values;
  }

  /**
   * The square of the length of each of the table's columns, kept from the first call on.
   *
   * @param sum gives them for the values
   * @return [E], not to be changed
   */
  public double[] columnSquares(Function<Tensor, double[]> sum) {
    if (columnSquares == null) {
      columnSquares = sum.apply(values);
    }
    return columnSquares;
  }

  /** E. */
  int width() {
    return values.size(1);
  }

  /** What acts where some adapters do: the table attached last among theirs, or the base's. */
  Own acting(Set<String> adapters) {
    return tables.acting(adapters);
  }

  /** The branches of some adapters, in the order of their attachment. */
  List<TableBranch> branches(Set<String> adapters) {
    return branches.stream().filter(branch -> adapters.contains(branch.adapter())).toList();
  }

  /** Whether a table or branch that acts on some row of a batch is trained. */
  boolean trains(TokenBatch batch) {
    return batch.spans().stream().anyMatch(this::trains);
  }

  /** Whether a table or branch that acts on a span is trained. */
  boolean trains(Span span) {
    return acting(span.adapters()).gradient().isPresent()
        || branches(span.adapters()).stream().anyMatch(TableBranch::trainable);
  }

  /** Whether adapters have anything here. */
  boolean isAdapted() {
    return isReplaced() || !branches.isEmpty();
  }

  /** Attaches a branch; it acts in spans that name its adapter, after those attached before. */
  public void attach(TableBranch branch) {
    branches.add(branch);
  }

  /**
   * Attaches an adapter's own table, in place of the base's where it acts.
   *
   * @param values [V, E]
   * @param gradient [V, E] F32, what gradients are added to, where it is trained
   */
  public void replace(String adapter, Tensor values, Optional<Tensor> gradient) {
    tables.replace(adapter, new Own(values, gradient));
  }

  /** Whether some adapter has its own table here. */
  public boolean isReplaced() {
    return tables.isReplaced();
  }

  /** Whether a branch with lengths is attached. */
  public boolean hasLengths() {
    return branches.stream().anyMatch(branch -> branch.magnitude().isPresent());
  }

  /** Whether an adapter of this name has. */
  public boolean isAttached(String adapter) {
    return tables.isAttached(adapter)
        || branches.stream().anyMatch(branch -> branch.adapter().equals(adapter));
  }

  /** Detaches what is an adapter's. */
  public void detach(String adapter) {
    tables.detach(adapter);
    branches.removeIf(branch -> branch.adapter().equals(adapter));
  }
}
