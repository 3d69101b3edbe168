package dev.cantilever.hubclient;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Where files of a repository go. A name that a server gives leads to a place below the directory,
 * or nowhere.
 */
final class PullDirectory {

  private static final String PARTS = ".pull";

  private final Path out;

  PullDirectory(Path out) {
    this.out = out;
  }

  /** Makes it, with the folder of what is not complete yet. */
  void create() throws IOException {
    Files.createDirectories(parts());
  }

  /** Removes the folder of what was not complete, if nothing is in it. */
  void finish() throws IOException {
    try (Stream<Path> rest = Files.list(parts())) {
      if (rest.findAny().isPresent()) {
        return;
      }
    }
    Files.delete(parts());
  }

  /**
   * Holds all names to being names of files below the directory, before any is fetched.
   *
   * @throws HubException for a name that is not
   */
  void requireInside(List<HubFile> files) {
    files.forEach(file -> target(file));
  }

  /** The file's own place. */
  Path target(HubFile file) {
    String path = file.path();
    boolean fine =
        !path.isEmpty()
            && !path.startsWith("/")
            && path.chars().noneMatch(c -> c < 0x20 || c == 0x7f || c == '\\' || c == ':');
    for (String segment : path.split("/", -1)) {
      fine &=
          !segment.isEmpty()
              && !segment.equals(".")
              && !segment.equals("..")
              && !segment.toLowerCase(Locale.ROOT).equals(PARTS);
    }
    try {
      Path target = out.resolve(path);
      if (fine && target.normalize().startsWith(out.normalize())) {
        return target;
      }
    } catch (InvalidPathException e) {
      // refused below, as any other name that is none
    }
    throw new HubException(
        "expected names of files below the directory, found '"
            + path.replaceAll("\\p{Cntrl}", "?")
            + "' in the hub's list; nothing was written, so don't use this repository");
  }

  /**
   * The file's own place, in its folder. A link that is there and leads elsewhere is not followed.
   */
  Path targetInFolder(HubFile file) throws IOException {
    Path target = target(file);
    Path folder = out;
    for (Path segment : out.relativize(target.resolveSibling(""))) {
      folder = folder.resolve(segment);
      if (Files.exists(folder) && !folder.toRealPath().startsWith(out.toRealPath())) {
        throw new HubException(
            folder
                + ": expected a folder below "
                + out
                + ", found a link out of it; remove the link");
      }
    }
    Files.createDirectories(folder);
    return target;
  }

  /** What has come of a file so far; by its content's id, so that only the same is gone on with. */
  Path part(HubFile file) {
    return parts().resolve(file.hash().hex() + "-" + Integer.toHexString(file.path().hashCode()));
  }

  private Path parts() {
    return out.resolve(PARTS);
  }
}
