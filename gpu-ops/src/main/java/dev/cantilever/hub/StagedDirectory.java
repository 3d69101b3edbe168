package dev.cantilever.hub;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A directory filled beside its destination and renamed onto it when complete, so that it appears
 * whole or not at all. Closed unpublished, it leaves nothing.
 *
 * <pre>{@code
 * try (StagedDirectory staged = StagedDirectory.create(target)) {
 *   // write files into staged.path()
 *   staged.publish();
 * }
 * }</pre>
 */
public final class StagedDirectory implements AutoCloseable {
  private final Path target;
  private final Path aside;
  private boolean published;

  private StagedDirectory(Path target, Path aside) {
    this.target = target;
    this.aside = aside;
  }

  /**
   * Opens an empty directory beside {@code target}, whose parents are created.
   *
   * @throws CheckpointException if {@code target} exists and is not an empty directory
   */
  public static StagedDirectory create(Path target) throws IOException {
    Path absolute = target.toAbsolutePath().normalize();
    requireFree(absolute);
    Path aside = StagedFile.aside(absolute);
    Files.createDirectories(aside);
    return new StagedDirectory(absolute, aside);
  }

  /** Where to write before {@link #publish}. */
  public Path path() {
    return aside;
  }

  /** Where the directory will appear. */
  public Path target() {
    return target;
  }

  /**
   * Makes the directory appear under its name. What was written into it should be on disk already,
   * as the writers of this package leave it.
   *
   * @throws CheckpointException if the destination has been taken meanwhile
   */
  public void publish() throws IOException {
    StagedFile.syncDirectory(aside);
    requireFree(target);
    Files.move(aside, target, StandardCopyOption.ATOMIC_MOVE); // may replace an empty directory
    published = true;
    StagedFile.syncDirectory(target.resolveSibling(""));
  }

  @Override
  public void close() throws IOException {
    if (!published && Files.exists(aside)) {
      Files.walkFileTree(
          aside,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.delete(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
                throws IOException {
              if (failure != null) {
                throw failure;
              }
              Files.delete(directory);
              return FileVisitResult.CONTINUE;
            }
          });
    }
  }

  private static void requireFree(Path target) throws IOException {
    if (Files.isDirectory(target)) {
      try (Stream<Path> files = Files.list(target)) {
        if (files.findAny().isEmpty()) {
          return;
        }
      }
    }
    if (Files.exists(target)) {
      throw new CheckpointException(
          "%s: expected nothing there yet, found files. Delete it or choose another directory."
              .formatted(target));
    }
  }
}
