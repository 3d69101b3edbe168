package dev.cantilever.sample;

import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Puts embedded samples on disk. */
public final class EmbeddedSamples {

  private static final String LOCK_FILE = ".samples.lock";
  private static final String ASIDE = ".aside";

  private EmbeddedSamples() {}

  /**
   * Makes a sample exist as {@code directory/folder}. One that is there and whole, by the size and
   * SHA-256 of every file, is left untouched; one with a file missing or changed is replaced as a
   * whole. The folder is written aside and renamed, so that it is never there in part, and threads
   * and processes that extract into one directory wait for each other by a lock on a hidden file in
   * it.
   *
   * @param sample which
   * @param directory the parent, made if absent
   * @return the sample's folder
   * @throws DatasetException if something other than a folder is in its place
   * @throws IOException if writing fails; what was there before is then still there
   */
  public static Path extract(EmbeddedSample sample, Path directory) throws IOException {
    Files.createDirectories(directory);
    // The operating system's lock excludes other processes; within one JVM it would throw.
    synchronized (EmbeddedSamples.class) {
      try (FileChannel channel =
              FileChannel.open(
                  directory.resolve(LOCK_FILE),
                  StandardOpenOption.CREATE,
                  StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        requireValid(lock);
        return extractLocked(sample, directory);
      }
    }
  }

  /** Whether a sample's files are in this package: a slim one may go without. */
  public static boolean isPacked(EmbeddedSample sample) throws IOException {
    return SampleFile.of(sample).stream().allMatch(SampleFile::isPacked);
  }

  private static void requireValid(FileLock lock) throws IOException {
    if (!lock.isValid()) {
      throw new IOException("Expected a lock on the sample directory, found it lost; try again.");
    }
  }

  private static Path extractLocked(EmbeddedSample sample, Path directory) throws IOException {
    List<SampleFile> files = SampleFile.of(sample);
    Path target = directory.resolve(sample.folder());
    if (Files.exists(target) && !Files.isDirectory(target)) {
      throw new DatasetException(
          target.toString(),
          "the folder of an embedded sample, or nothing",
          "a file",
          "Move it away or name another directory");
    }
    if (isIntact(files, target)) {
      return target;
    }
    // Whoever was killed here left at most these two, and the lock says nobody is using them.
    Path fresh = directory.resolve("." + sample.folder() + ".new" + ASIDE);
    Path old = directory.resolve("." + sample.folder() + ".old" + ASIDE);
    delete(fresh);
    delete(old);
    Files.createDirectories(fresh);
    for (SampleFile file : files) {
      Path destination = fresh.resolve(file.name());
      try (InputStream content = file.open()) {
        Files.copy(content, destination);
      }
      if (!file.isIntact(destination)) {
        throw new IOException(
            "Expected "
                + destination
                + " to have the digest that the jar states, found another; "
                + "check the disk and build the jar again.");
      }
    }
    if (Files.exists(target)) {
      Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
    }
    Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
    delete(old);
    return target;
  }

  private static boolean isIntact(List<SampleFile> files, Path target) throws IOException {
    for (SampleFile file : files) {
      if (!file.isIntact(target.resolve(file.name()))) {
        return false;
      }
    }
    return true;
  }

  private static void delete(Path tree) throws IOException {
    if (!Files.exists(tree)) {
      return;
    }
    List<Path> deepestFirst;
    try (Stream<Path> all = Files.walk(tree)) {
      deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : deepestFirst) {
      Files.delete(path);
    }
  }
}
