package dev.cantilever.manifest;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** A file, or a directory with all it holds; links are not followed. */
public final class FileTree {

  private static final String HIDDEN = ".";

  private FileTree() {}

  /** Deletes a tree. */
  public static void delete(Path tree) throws IOException {
    Files.walkFileTree(tree, new Deletion());
  }

  /**
   * Deletes what writers that were killed have left somewhere below a directory: files and
   * directories whose names begin with a dot and end with {@code .part}, as everything is named
   * that is written aside to be renamed. Nobody may be writing below it.
   */
  public static void deleteParts(Path root) throws IOException {
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
              throws IOException {
            if (isPart(directory)) {
              delete(directory);
              return FileVisitResult.SKIP_SUBTREE;
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (isPart(file)) {
              Files.delete(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static boolean isPart(Path path) {
    String name = String.valueOf(path.getFileName());
    return name.startsWith(HIDDEN) && name.endsWith(AtomicFile.PART_SUFFIX);
  }

  private static final class Deletion extends SimpleFileVisitor<Path> {

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
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
  }
}
