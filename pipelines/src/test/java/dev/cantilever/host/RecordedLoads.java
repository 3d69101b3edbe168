package dev.cantilever.host;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Keeps what it was shown of loads, a line each. */
public final class RecordedLoads implements LoadWatcher {

  private final List<String> lines = new ArrayList<>();

  @Override
  public Watched begin(String model, long bytes) {
    AtomicLong read = new AtomicLong();
    return new Watched() {
      @Override
      public void read(long more) {
        read.addAndGet(more);
      }

      @Override
      public void close() {
        lines.add("%s: %d of %d bytes".formatted(model, read.get(), bytes));
      }
    };
  }

  /** For each load that has ended: model, bytes read, bytes announced. */
  public List<String> lines() {
    return List.copyOf(lines);
  }
}
