package dev.cantilever.host;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.model.LanguageModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Frozen adapters on a model, taken off it and freed when closed. */
public final class AttachedAdapters implements AutoCloseable {

  private final Arena arena;
  private final List<Adapter> adapters = new ArrayList<>();

  private AttachedAdapters(Arena arena) {
    this.arena = arena;
  }

  /**
   * @param bytes of all of them, where that is known; else 0
   */
  static AttachedAdapters load(
      Backend backend, LanguageModel model, List<AdapterRef> refs, long bytes) throws IOException {
    AttachedAdapters attached =
        new AttachedAdapters(backend.budget().open("frozen adapters", Purpose.ADAPTER, bytes));
    try {
      for (AdapterRef ref : refs) {
        attached.adapters.add(
            Adapter.load(
                backend, attached.arena, ref.name(), ref.source().path(), model.targets(), false));
      }
      return attached;
    } catch (IOException | RuntimeException e) {
      attached.close();
      throw e;
    }
  }

  /** The names by which spans call them. */
  public Set<String> names() {
    return adapters.stream().map(Adapter::name).collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public void close() {
    adapters.forEach(Adapter::detach);
    adapters.clear();
    arena.close();
  }
}
