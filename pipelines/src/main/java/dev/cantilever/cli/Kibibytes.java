package dev.cantilever.cli;

import dev.cantilever.console.Progress;
import java.util.function.LongConsumer;

/** Tells a progress in KiB of what is counted in bytes. Safe to call from several threads. */
final class Kibibytes implements LongConsumer {

  private static final int BYTES = 1024;

  private final Progress progress;
  private long bytes;

  Kibibytes(Progress progress) {
    this.progress = progress;
  }

  /** As many as hold the bytes. */
  static long of(long bytes) {
    return (bytes + BYTES - 1) / BYTES;
  }

  @Override
  public synchronized void accept(long more) {
    long before = of(bytes);
    bytes += more;
    if (of(bytes) > before) {
      progress.advance(of(bytes) - before);
    }
  }
}
