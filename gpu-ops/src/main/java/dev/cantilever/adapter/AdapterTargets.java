package dev.cantilever.adapter;

import dev.cantilever.nn.EmbeddingTable;
import dev.cantilever.nn.Linear;
import dev.cantilever.nn.NormBias;
import java.util.List;

/**
 * What a model offers to adapters.
 *
 * @param linears linear layers that may carry branches and biases
 * @param norms biases of norms
 * @param tables embeddings of tokens, which an adapter may hold whole, in place of the base's
 * @param heads layers behind the transformer, which it may as well
 * @param trainsHeads whether those have gradients
 */
public record AdapterTargets(
    List<LoraTarget> linears,
    List<NormBias> norms,
    List<EmbeddingTable> tables,
    List<Linear> heads,
    boolean trainsHeads) {

  /** Copies the lists. */
  public AdapterTargets {
    linears = List.copyOf(linears);
    norms = List.copyOf(norms);
    tables = List.copyOf(tables);
    heads = List.copyOf(heads);
  }

  /** Whether an adapter of this name has attached anything. */
  boolean hasAttached(String adapter) {
    return linears.stream().anyMatch(target -> target.linear().isAttached(adapter))
        || norms.stream().anyMatch(norm -> norm.isAttached(adapter))
        || tables.stream().anyMatch(table -> table.isAttached(adapter))
        || heads.stream().anyMatch(head -> head.isAttached(adapter));
  }

  /** Takes all that is an adapter's off the model. */
  void detach(String adapter) {
    linears.forEach(target -> target.linear().detach(adapter));
    norms.forEach(norm -> norm.detach(adapter));
    tables.forEach(table -> table.detach(adapter));
    heads.forEach(head -> head.detach(adapter));
  }
}
