package dev.cantilever.adapter;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.EmbeddingTable;
import java.util.List;

/**
 * An adapter's own table of embeddings.
 *
 * @param adapter its name
 * @param table the base's
 * @param own its own
 */
record TableAdapter(String adapter, EmbeddingTable table, OwnTensor own) implements OwnTensors {

  /** Takes room; nothing is attached yet. */
  static TableAdapter of(
      Backend backend, Arena arena, String adapter, EmbeddingTable table, boolean trainable) {
    SavedTensor saved = SavedTensor.whole(table.name() + ".weight");
    return new TableAdapter(
        adapter, table, new OwnTensor(backend, arena, saved, table.values(), trainable));
  }

  @Override
  public List<OwnTensor> tensors() {
    return List.of(own);
  }

  @Override
  public void attach() {
    table.replace(adapter, own.acting(), own.parameter().map(Parameter::gradient));
  }
}
