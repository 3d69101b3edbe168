package dev.cantilever.rehearsal;

import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.TensorFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/**
 * A plain read of a checkpoint's files, as the yardstick of loading them: one thread, one buffer,
 * from the first byte to the last.
 *
 * @param bytes of all weight files
 * @param seconds of the read
 */
public record CheckpointReading(long bytes, double seconds) {

  private static final int BUFFER_BYTES = 4 << 20;
  private static final double NANOS_PER_SECOND = 1e9;

  /**
   * Reads the files twice and measures the second time: out of the page cache where they fit it,
   * else off the disk, as a load that follows will.
   */
  public static CheckpointReading measure(ModelDirectory directory) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    read(directory, buffer);
    long began = System.nanoTime();
    long bytes = read(directory, buffer);
    return new CheckpointReading(bytes, (System.nanoTime() - began) / NANOS_PER_SECOND);
  }

  private static long read(ModelDirectory directory, ByteBuffer buffer) throws IOException {
    long bytes = 0;
    for (TensorFile file : directory.files()) {
      try (FileChannel channel = FileChannel.open(file.path(), StandardOpenOption.READ)) {
        for (int count = channel.read(buffer.clear());
            count >= 0;
            count = channel.read(buffer.clear())) {
          bytes += count;
        }
      }
    }
    return bytes;
  }

  /** Its rate. */
  public double bytesPerSecond() {
    return bytes / seconds;
  }

  /** The rate of a load of the same files in so many seconds, over that of the plain read. */
  public double shareOf(double loadSeconds) {
    return seconds / loadSeconds;
  }
}
