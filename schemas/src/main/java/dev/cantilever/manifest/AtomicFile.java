package dev.cantilever.manifest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** A file that is there whole or not at all, also after a loss of power. */
public final class AtomicFile {

  /** How the name of a file ends while it is written. */
  static final String PART_SUFFIX = ".part";

  private AtomicFile() {}

  /**
   * Writes a file aside, forces it to the disk, renames it onto {@code target} and forces the
   * directory. A file of that name is replaced.
   *
   * @throws IOException if the file system fails, or cannot rename atomically
   */
  public static void write(Path target, byte[] content) throws IOException {
    Path file = target.toAbsolutePath();
    Path directory = parent(file);
    Path part = directory.resolve("." + file.getFileName() + "." + UUID.randomUUID() + PART_SUFFIX);
    try {
      try (FileChannel channel =
          FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer bytes = ByteBuffer.wrap(content);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
    force(directory);
  }

  /** Forces a file's content, or a directory's names, to the disk. */
  public static void force(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static Path parent(Path file) throws IOException {
    Path parent = file.getParent();
    if (parent == null) {
      throw new IOException("Expected a file in a directory, found " + file + ". Name a file.");
    }
    return parent;
  }
}
