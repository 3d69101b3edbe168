package dev.cantilever.manifest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A directory that belongs to one commit: its files count once its manifest names them.
 *
 * <p>One process at a time writes to it; a retried stage may commit the same content again.
 */
public final class CommitDirectory {

  /** The bare name of the manifest in its directory. */
  public static final String MANIFEST = "manifest.json";

  private final Path directory;

  private CommitDirectory(Path directory) {
    this.directory = directory;
  }

  /** The commit of a directory, which need not exist yet. */
  public static CommitDirectory at(Path directory) {
    return new CommitDirectory(directory);
  }

  /** The commit whose manifest this file is; for readers that were given the manifest's path. */
  public static CommitDirectory ofManifest(Path manifest) {
    Path directory = manifest.toAbsolutePath().getParent();
    if (directory == null || !manifest.endsWith(MANIFEST)) {
      throw new ManifestException(
          "Expected the path of a "
              + MANIFEST
              + ", found "
              + manifest
              + ". Pass what was emitted.");
    }
    return new CommitDirectory(directory);
  }

  /** The directory. */
  public Path path() {
    return directory;
  }

  /** Where the manifest is or will be. */
  public Path manifestPath() {
    return directory.resolve(MANIFEST);
  }

  /** The path of a committed file. */
  public Path resolve(FileEntry file) {
    return directory.resolve(file.name());
  }

  /** Whether there is a manifest. */
  public boolean isCommitted() {
    return Files.exists(manifestPath());
  }

  /**
   * Verifies the files against the manifest, forces them to the disk and publishes the manifest.
   * Committing equal content again does nothing.
   *
   * @return the manifest's path
   * @throws ManifestException if a file is not as the manifest says, or the directory is committed
   *     with other content
   */
  public Path commit(CommitManifest manifest) throws IOException {
    byte[] json = ManifestJson.write(manifest);
    if (isCommitted()) {
      if (!Arrays.equals(json, Files.readAllBytes(manifestPath()))) {
        throw new ManifestException(
            manifestPath()
                + ": expected no manifest or an equal one, found another."
                + " What is committed never changes; write to another directory.");
      }
      verify(manifest);
      return manifestPath();
    }
    verify(manifest);
    for (FileEntry file : manifest.files()) {
      AtomicFile.force(resolve(file));
    }
    AtomicFile.force(directory);
    AtomicFile.write(manifestPath(), json);
    return manifestPath();
  }

  /**
   * Reads the manifest; the files are not looked at.
   *
   * @throws ManifestException if there is none, or it is damaged
   */
  public CommitManifest read() throws IOException {
    if (!isCommitted()) {
      throw new ManifestException(
          manifestPath()
              + ": expected a manifest, found none. Its stage did not finish; run it again.");
    }
    return ManifestJson.read(Files.readAllBytes(manifestPath()), manifestPath().toString());
  }

  /**
   * Reads the manifest and checks size and digest of every file that it names.
   *
   * @throws ManifestException if there is no manifest, or a file is missing or altered
   */
  public CommitManifest readVerified() throws IOException {
    CommitManifest manifest = read();
    verify(manifest);
    return manifest;
  }

  private void verify(CommitManifest manifest) throws IOException {
    for (FileEntry file : manifest.files()) {
      Path path = resolve(file);
      if (file.name().equals(MANIFEST)) {
        throw new ManifestException(
            path + ": expected a manifest that does not name itself. Name the shards only.");
      }
      if (!Files.isRegularFile(path)) {
        throw damaged(path, "a file of " + file.bytes() + " bytes", "none");
      }
      long bytes = Files.size(path);
      if (bytes != file.bytes()) {
        throw damaged(path, file.bytes() + " bytes", bytes + " bytes");
      }
      String sha256 = Digests.sha256(path);
      if (!sha256.equals(file.sha256())) {
        throw damaged(path, "SHA-256 " + file.sha256(), sha256);
      }
    }
  }

  private ManifestException damaged(Path file, String expected, String found) {
    return new ManifestException(
        file
            + ": expected "
            + expected
            + " as its manifest says, found "
            + found
            + ". Restore the file, or delete "
            + directory
            + " and run its stage again.");
  }

  /**
   * What lies in the directory and is not committed: all of it where there is no manifest, else
   * what the manifest does not name. Sorted by name.
   *
   * @throws ManifestException if the manifest is damaged
   */
  public List<Path> litter() throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    Set<String> committed =
        isCommitted()
            ? read().files().stream().map(FileEntry::name).collect(Collectors.toSet())
            : Set.of();
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .filter(entry -> !entry.equals(manifestPath()))
          .filter(entry -> !committed.contains(String.valueOf(entry.getFileName())))
          .sorted()
          .toList();
    }
  }

  /**
   * Deletes the litter, directories with all they hold; links are deleted, not followed.
   *
   * @return what was deleted
   */
  public List<Path> deleteLitter() throws IOException {
    List<Path> litter = litter();
    for (Path entry : litter) {
      FileTree.delete(entry);
    }
    return litter;
  }
}
