package dev.cantilever.hub;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** A directory that is deleted with all it holds when closed. */
public final class ScratchDirectory implements AutoCloseable {

  /** A writer that is being stopped may add a file while the directory is emptied. */
  private static final int DELETIONS = 10;

  private final Path path;

  private ScratchDirectory(Path path) {
    this.path = path;
  }

  /** Makes one under a hidden name beside {@code target}, whose parents are created. */
  public static ScratchDirectory beside(Path target) throws IOException {
    return new ScratchDirectory(
        Files.createDirectories(StagedFile.aside(target.toAbsolutePath().normalize())));
  }

  /** Makes one where the system keeps temporary files. */
  public static ScratchDirectory temporary(String prefix) throws IOException {
    return new ScratchDirectory(Files.createTempDirectory(prefix));
  }

  /** Where to write. */
  public Path path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    for (int left = DELETIONS; Files.exists(path); left--) {
      try {
        Files.walkFileTree(path, new Deletion());
      } catch (DirectoryNotEmptyException e) {
        if (left == 1) {
          throw e;
        }
      }
    }
  }

  private static final class Deletion extends SimpleFileVisitor<Path> {

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      Files.deleteIfExists(file);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
      if (failure instanceof NoSuchFileException) {
        return FileVisitResult.CONTINUE;
      }
      throw failure;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
        throws IOException {
      if (failure != null) {
        throw failure;
      }
      Files.deleteIfExists(directory);
      return FileVisitResult.CONTINUE;
    }
  }
}
