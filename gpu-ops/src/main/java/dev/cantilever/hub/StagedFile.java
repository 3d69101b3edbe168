package dev.cantilever.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * A file written beside its destination and renamed onto it when complete and on disk, so that no
 * reader ever sees half of it. Closed unpublished, it leaves nothing.
 */
final class StagedFile implements AutoCloseable {
  private final Path target;
  private final Path aside;
  private final FileChannel channel;
  private boolean published;

  private StagedFile(Path target, Path aside, FileChannel channel) {
    this.target = target;
    this.aside = aside;
    this.channel = channel;
  }

  static StagedFile create(Path target) throws IOException {
    Path aside = aside(target);
    FileChannel channel =
        FileChannel.open(aside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    return new StagedFile(target, aside, channel);
  }

  /** Writes a small file whole. */
  static void write(Path target, byte[] bytes) throws IOException {
    try (StagedFile file = create(target)) {
      file.write(ByteBuffer.wrap(bytes), 0);
      file.publish();
    }
  }

  /** A hidden name in the destination's folder that nobody else has. */
  static Path aside(Path target) {
    return target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".part");
  }

  Path target() {
    return target;
  }

  /** Writes the rest of a buffer at a position of the file. */
  void write(ByteBuffer bytes, long position) throws IOException {
    long next = position;
    while (bytes.hasRemaining()) {
      next += channel.write(bytes, next);
    }
  }

  void publish() throws IOException {
    channel.force(true);
    channel.close();
    Files.move(aside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    published = true;
    syncDirectory(target.resolveSibling("").toAbsolutePath());
  }

  /** Makes the names in a folder durable. */
  static void syncDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
    if (!published) {
      Files.deleteIfExists(aside);
    }
  }
}
