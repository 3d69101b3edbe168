package dev.cantilever.cli;

import dev.cantilever.console.ByteProgress;
import dev.cantilever.console.Console;
import dev.cantilever.host.LoadWatcher;

/** Shows the loading of models that are large enough for it to take a while. */
record LoadLine(Console console) implements LoadWatcher {

  /** A disk gives one or two of this a second. */
  private static final long LARGE_BYTES = 1_000_000_000;

  @Override
  public Watched begin(String model, long bytes) {
    if (bytes < LARGE_BYTES) {
      return LoadWatcher.none().begin(model, bytes);
    }
    ByteProgress progress = new ByteProgress(console, "load " + model, bytes);
    return new Watched() {
      @Override
      public void read(long more) {
        progress.accept(more);
      }

      @Override
      public void close() {
        progress.close();
      }
    };
  }
}
