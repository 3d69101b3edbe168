package dev.cantilever.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where text comes from: a file, or a folder of files of one format, searched to the bottom. Files
 * and folders whose names begin with '.' or '_' are not data and are passed over, as Hadoop and
 * Beam do.
 *
 * @param root the file or folder
 * @param format of all its files
 * @param columns which columns become what
 */
public record TextSource(Path root, TextFormat format, TextColumns columns) {

  private static final String STATE_FORMAT =
      "Use a known file name ending or state the format, one of " + TextFormat.names();

  /**
   * A source whose format is found out: for a file from its first bytes or its name, for a folder
   * from the names in it.
   *
   * @param root the file or folder
   * @param columns which columns become what
   * @return the source
   * @throws DatasetException if there is nothing, or no known format, or more than one
   * @throws IOException if reading the folder or the first bytes fails
   */
  public static TextSource detect(Path root, TextColumns columns) throws IOException {
    if (!Files.isDirectory(root)) {
      TextFormat format =
          TextFormat.detect(root)
              .orElseThrow(
                  () ->
                      new DatasetException(
                          root.toString(),
                          "a file of format " + TextFormat.names(),
                          "a name and content that announce none of them",
                          STATE_FORMAT));
      return new TextSource(root, format, columns);
    }
    return new TextSource(root, formatInFolder(root), columns);
  }

  private static TextFormat formatInFolder(Path root) throws IOException {
    Map<TextFormat, Long> counts = new EnumMap<>(TextFormat.class);
    for (Path file : visibleFiles(root)) {
      TextFormat.byName(file).ifPresent(format -> counts.merge(format, 1L, Long::sum));
    }
    // A README.txt beside data files is not data.
    if (counts.size() > 1) {
      counts.remove(TextFormat.TEXT_FILES);
    }
    if (counts.size() != 1) {
      throw new DatasetException(
          root.toString(),
          "a folder with files of one format of " + TextFormat.names(),
          counts.isEmpty() ? "none" : counts.toString(),
          STATE_FORMAT);
    }
    return counts.keySet().iterator().next();
  }

  /**
   * The parts that can be read apart from each other: one per file, and for {@link
   * TextFormat#TEXT_FILES} one per folder. Where any folder is named {@code pos} or {@code neg}, as
   * in the IMDB review set, only the text files in such folders are read, so that its word lists
   * and its unlabelled {@code unsup} reviews stay out; name that folder itself to read it.
   *
   * @return the shards in the order of their source names
   * @throws DatasetException if there are none, or all of them are empty
   * @throws IOException if listing fails
   */
  public List<TextShard> shards() throws IOException {
    if (!Files.exists(root)) {
      throw new DatasetException(
          root.toString(), "a file or folder", "nothing there", "Check the path and its spelling");
    }
    if (!Files.isDirectory(root)) {
      requireContent(List.of(root));
      return List.of(shard(root, String.valueOf(root.getFileName())));
    }
    List<Path> files =
        visibleFiles(root).stream()
            .filter(file -> TextFormat.byName(file).filter(format::equals).isPresent())
            .toList();
    if (format == TextFormat.TEXT_FILES && files.stream().anyMatch(TextFilesReader::isLabelled)) {
      files = files.stream().filter(TextFilesReader::isLabelled).toList();
    }
    requireContent(files);
    if (format == TextFormat.TEXT_FILES) {
      // The shard of a folder; files directly in the root have the empty source.
      files = files.stream().map(root::relativize).map(this::parent).distinct().toList();
    }
    Map<String, TextShard> bySource = new TreeMap<>();
    for (Path file : files) {
      String source = nameUnderRoot(file);
      bySource.put(source, shard(file, source));
    }
    return List.copyOf(bySource.values());
  }

  private Path parent(Path relative) {
    Path folder = relative.getParent();
    return folder == null ? root : root.resolve(folder);
  }

  private TextShard shard(Path file, String source) {
    return new TextShard(file.toAbsolutePath().normalize().toString(), source, format, columns);
  }

  private void requireContent(List<Path> files) throws IOException {
    long bytes = 0;
    for (Path file : files) {
      bytes += Files.size(file);
    }
    if (bytes == 0) {
      throw new DatasetException(
          root.toString(),
          "at least one row in files of format " + format,
          files.isEmpty() ? "no such file" : files.size() + " empty file(s)",
          "Check the path, or state the format if the names do not tell it");
    }
  }

  private String nameUnderRoot(Path file) {
    return TextShard.joined(root.relativize(file));
  }

  private static List<Path> visibleFiles(Path root) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      return all.filter(Files::isRegularFile)
          .filter(file -> isVisible(root.relativize(file)))
          .sorted(Comparator.comparing(Path::toString))
          .collect(Collectors.toUnmodifiableList());
    }
  }

  private static boolean isVisible(Path relative) {
    for (Path part : relative) {
      String name = part.toString();
      if (name.startsWith(".") || name.startsWith("_")) {
        return false;
      }
    }
    return true;
  }
}
