package dev.cantilever.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The most memory that this process has had resident and that is no file's, as Linux counts it
 * ({@code RssAnon}: what mapped files have in the page cache is not in it), looked at every few
 * milliseconds until closed.
 */
final class ResidentMemory implements AutoCloseable {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final long MILLIS = 5;
  private static final long KIB = 1024;

  private final Thread watcher = new Thread(this::watch, "resident memory");
  private volatile boolean closed;
  private volatile long most;

  ResidentMemory() {
    watcher.setDaemon(true);
    watcher.start();
  }

  /** Bytes now. */
  static long now() {
    try {
      return Files.readAllLines(STATUS).stream()
          .filter(line -> line.startsWith("RssAnon:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * KIB)
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The most bytes so far. */
  long most() {
    return Math.max(most, now());
  }

  private void watch() {
    while (!closed) {
      most = Math.max(most, now());
      try {
        Thread.sleep(MILLIS);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}
