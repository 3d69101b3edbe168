package dev.cantilever.host;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Room for one model on a device: what is there stays until another is asked for.
 *
 * @param <M> what kind of model
 */
final class Place<M> implements AutoCloseable {

  /** Loads the model of a directory. */
  @FunctionalInterface
  interface Load<M> {
    Hosted<M> from(ModelRef source) throws IOException;
  }

  private final Load<M> load;
  private @Nullable Hosted<M> held;

  Place(Load<M> load) {
    this.load = load;
  }

  Hosted<M> get(ModelRef source) throws IOException {
    Hosted<M> loaded = held;
    if (loaded != null && loaded.source().equals(source)) {
      return loaded;
    }
    close(); // first, because two may not fit
    Hosted<M> fresh = load.from(source);
    held = fresh;
    return fresh;
  }

  @Override
  public void close() {
    Hosted<M> loaded = held;
    held = null;
    if (loaded != null) {
      loaded.close();
    }
  }
}
