package dev.cantilever.adapter;

import dev.cantilever.hub.PlainStorage;
import dev.cantilever.nn.EmbeddingTable;
import dev.cantilever.nn.Linear;
import dev.cantilever.nn.NormTarget;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a model offers to adapters.
 *
 * @param linears linear layers that may carry branches and biases, or be held whole
 * @param norms norms, to whose bias an adapter may add, or which it may hold whole
 * @param tables embeddings of tokens, of their types and positions, which may carry branches, and
 *     which an adapter may hold whole in place of the base's; what it has of one that is among
 *     {@code frozen} is kept, but nothing reads it
 * @param wholeTables embeddings of positions which an adapter may hold whole, but which carry no
 *     branches
 * @param heads layers behind the transformer, of which the same holds
 * @param tied whether a head and a table that is read are one tensor of the checkpoint
 * @param trainsHeads whether heads have gradients
 * @param frozen paths of embeddings and norms of which an adapter can change nothing here, though
 *     in peft it could
 */
public record AdapterTargets(
    List<LoraTarget> linears,
    List<NormTarget> norms,
    List<EmbeddingTable> tables,
    List<EmbeddingTable> wholeTables,
    List<Linear> heads,
    boolean tied,
    boolean trainsHeads,
    List<String> frozen) {

  /** Copies the lists. */
  public AdapterTargets {
    linears = List.copyOf(linears);
    norms = List.copyOf(norms);
    tables = List.copyOf(tables);
    wholeTables = List.copyOf(wholeTables);
    heads = List.copyOf(heads);
    frozen = List.copyOf(frozen);
  }

  /** The heads as layers that may carry branches. */
  Stream<LoraTarget> headTargets() {
    return heads.stream()
        .map(
            head ->
                new LoraTarget(
                    head.name(), head, 0, head.weight().outFeatures(), new PlainStorage()));
  }

  /** Whether a layer is among the heads. */
  boolean isHead(LoraTarget target) {
    return heads.contains(target.linear());
  }

  /** The tables that an adapter may hold whole. */
  Stream<EmbeddingTable> allTables() {
    return Stream.concat(tables.stream(), wholeTables.stream());
  }

  /** Whether the model reads a table. */
  boolean isRead(EmbeddingTable table) {
    return !frozen.contains(table.name());
  }

  /** Whether an adapter of this name has attached anything. */
  boolean hasAttached(String adapter) {
    return linears.stream().anyMatch(target -> target.linear().isAttached(adapter))
        || norms.stream().anyMatch(norm -> norm.isAttached(adapter))
        || allTables().anyMatch(table -> table.isAttached(adapter))
        || heads.stream().anyMatch(head -> head.isAttached(adapter));
  }

  /** Takes all that is an adapter's off the model. */
  void detach(String adapter) {
    linears.forEach(target -> target.linear().detach(adapter));
    norms.forEach(norm -> norm.detach(adapter));
    allTables().forEach(table -> table.detach(adapter));
    heads.forEach(head -> head.detach(adapter));
  }
}
