package dev.cantilever.hub;

import dev.cantilever.hub.torch.ByteSource;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The bytes of an open file.
 *
 * @param path as given
 * @param channel open until this is closed
 */
record FileBytes(Path path, FileChannel channel) implements ByteSource, AutoCloseable {

  /**
   * Opens a file.
   *
   * @param what it should be, for messages
   * @throws CheckpointException if there is no such file
   */
  static FileBytes open(Path path, String what) throws IOException {
    if (!Files.isRegularFile(path)) {
      throw new CheckpointException(
          "%s: expected %s, found none. Check the path or fetch the file.".formatted(path, what));
    }
    return new FileBytes(path, FileChannel.open(path, StandardOpenOption.READ));
  }

  @Override
  public long size() throws IOException {
    return channel.size();
  }

  @Override
  public void read(long position, ByteBuffer to) throws IOException {
    long next = position;
    while (to.hasRemaining()) {
      int count = channel.read(to, next);
      if (count < 0) {
        throw cutShort(next);
      }
      next += count;
    }
  }

  @Override
  public ByteBuffer map(long position, int bytes) throws IOException {
    if (position > size() - bytes) {
      throw cutShort(size());
    }
    return channel
        .map(FileChannel.MapMode.READ_ONLY, position, bytes)
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  private EOFException cutShort(long position) {
    return new EOFException("%s ended at byte %d while being read".formatted(path, position));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
