package dev.cantilever.nn;

import dev.cantilever.tensor.Tensor;
import java.util.Optional;
import java.util.Set;

/** A frozen table of embeddings, in whose place adapters may have their own. */
public final class EmbeddingTable {

  private final String name;
  private final Tensor values;
  private final Replaceable<Own> tables;

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

  /** E. */
  int width() {
    return values.size(1);
  }

  /** What acts where some adapters do: the table attached last among theirs, or the base's. */
  Own acting(Set<String> adapters) {
    return tables.acting(adapters);
  }

  /** Whether a table that acts on some row of a batch is trained. */
  boolean trains(TokenBatch batch) {
    return batch.spans().stream().anyMatch(span -> acting(span.adapters()).gradient().isPresent());
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

  /** Whether an adapter of this name has. */
  public boolean isAttached(String adapter) {
    return tables.isAttached(adapter);
  }

  /** Detaches what is an adapter's. */
  public void detach(String adapter) {
    tables.detach(adapter);
  }
}
