package dev.cantilever.console;

import java.util.function.LongConsumer;

/** Progress over bytes, shown in MB (10⁶ bytes). Safe to call from several threads. */
public final class ByteProgress implements LongConsumer, AutoCloseable {

  private static final long MEGABYTE = 1_000_000;

  private final Progress progress;
  private final long total;
  private long done;

  /**
   * Begins.
   *
   * @param task what is being done
   * @param total bytes
   */
  public ByteProgress(Console console, String task, long total) {
    this.progress = console.progress(task, "MB", megabytes(total));
    this.total = total;
  }

  /** Says that so many more bytes are done. */
  @Override
  public synchronized void accept(long bytes) {
    long shown = shown();
    done += bytes;
    progress.advance(shown() - shown);
  }

  /** The last part of a megabyte counts once all is done. */
  private long shown() {
    return done >= total ? megabytes(total) : done / MEGABYTE;
  }

  private static long megabytes(long bytes) {
    return (bytes + MEGABYTE - 1) / MEGABYTE;
  }

  @Override
  public void close() {
    progress.close();
  }
}
