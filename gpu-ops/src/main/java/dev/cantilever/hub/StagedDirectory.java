package dev.cantilever.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.stream.Stream;

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
  private final ScratchDirectory aside;

  private StagedDirectory(Path target, ScratchDirectory aside) {
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
    return new StagedDirectory(absolute, ScratchDirectory.beside(absolute));
  }

  /** Where to write before {@link #publish()}. */
  public Path path() {
    return aside.path();
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
    publish(aside.path(), target);
  }

  /**
   * Makes a directory that others filled appear under another name of the same file system, as
   * {@link #publish()} does.
   *
   * @throws CheckpointException if {@code target} exists and is not an empty directory
   */
  public static void publish(Path filled, Path target) throws IOException {
    Path absolute = target.toAbsolutePath().normalize();
    StagedFile.syncDirectory(filled);
    requireFree(absolute);
    Files.move(filled, absolute, StandardCopyOption.ATOMIC_MOVE); // may replace an empty directory
    StagedFile.syncDirectory(absolute.resolveSibling(""));
  }

  /**
   * Checks that a directory can appear under a name.
   *
   * @throws CheckpointException if {@code target} exists and is not an empty directory
   */
  public static void requireFree(Path target) throws IOException {
    if (Files.isDirectory(target)) {
      try (Stream<Path> files = Files.list(target)) {
        if (files.findAny().isEmpty()) {
          return;
        }
      }
    }
    if (Files.exists(target)) {
      throw new CheckpointException(
          "%s: expected nothing there yet, found %s. Delete it or choose another directory."
              .formatted(target, Files.isDirectory(target) ? "files" : "a file"));
    }
  }

  @Override
  public void close() throws IOException {
    aside.close();
  }
}
