package dev.cantilever.manifest;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A file that a manifest commits. Serializable, so that whoever writes a file can hash it too and
 * pass the entry on.
 *
 * @param name its bare name, in the manifest's directory
 * @param bytes its size
 * @param sha256 the digest of its content, 64 lower-case hexadecimal digits
 * @param rows how many rows it holds; 0 where it holds none
 */
public record FileEntry(String name, long bytes, String sha256, long rows) implements Serializable {

  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern BARE_NAME = Pattern.compile("[^/\\\\\\p{Cntrl}]+");

  /** Checks that the name is bare, the digest a digest and the numbers none below 0. */
  public FileEntry {
    if (!BARE_NAME.matcher(name).matches() || name.equals(".") || name.equals("..")) {
      throw new ManifestException(
          "Expected a bare file name, found '"
              + name
              + "'. Name a file of the manifest's own directory, without a path.");
    }
    if (!SHA256.matcher(sha256).matches()) {
      throw new ManifestException(
          "File '"
              + name
              + "': expected a SHA-256 of 64 lower-case hexadecimal digits, found '"
              + sha256
              + "'. Compute it with Digests.");
    }
    if (bytes < 0 || rows < 0) {
      throw new ManifestException(
          "File '"
              + name
              + "': expected bytes and rows of at least 0, found "
              + bytes
              + " and "
              + rows
              + ". Count them anew.");
    }
  }

  /**
   * The entry of a file as it is now.
   *
   * @param rows how many rows the caller knows it to hold
   */
  public static FileEntry of(Path file, long rows) throws IOException {
    String name = Objects.toString(file.getFileName(), "");
    return new FileEntry(name, Files.size(file), Digests.sha256(file), rows);
  }
}
