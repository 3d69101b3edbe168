package dev.cantilever.nn;

import dev.cantilever.tensor.PackedRows;
import java.util.Set;

/**
 * A run of whole rows that the same adapters act on.
 *
 * @param firstToken offset of the run in the batch
 * @param rows the run's rows, counted from its own start
 * @param adapters names of the active adapters; empty for the bare base
 */
public record Span(int firstToken, PackedRows rows, Set<String> adapters) {

  /** Copies the names. */
  public Span {
    adapters = Set.copyOf(adapters);
  }

  /** One past the run's last token in the batch. */
  public int endToken() {
    return firstToken + rows.tokens();
  }
}
