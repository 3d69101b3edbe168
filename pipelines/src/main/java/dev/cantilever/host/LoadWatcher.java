package dev.cantilever.host;

import dev.cantilever.hub.ModelDirectory;
import java.nio.file.Path;

/** Whoever shows people that a large model is being loaded. */
@FunctionalInterface
public interface LoadWatcher {

  /** A load that is under way. */
  interface Watched extends AutoCloseable {

    /** Says that so many more bytes have been read; safe to call from several threads. */
    void read(long bytes);

    /** Ends the load, done or not. */
    @Override
    void close();
  }

  /**
   * Begins to watch a load.
   *
   * @param model the directory's name
   * @param bytes of its weights
   */
  Watched begin(String model, long bytes);

  /** Begins to watch the load of a checkpoint, under its directory's name. */
  default Watched begin(ModelDirectory checkpoint) {
    Path path = checkpoint.path().toAbsolutePath().normalize();
    return begin(String.valueOf(path.getFileName()), checkpoint.bytes());
  }

  /** Shows nothing. */
  static LoadWatcher none() {
    return (model, bytes) ->
        new Watched() {
          @Override
          public void read(long more) {}

          @Override
          public void close() {}
        };
  }
}
