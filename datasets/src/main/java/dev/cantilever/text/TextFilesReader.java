package dev.cantilever.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads text files, one document each. In the layout of the IMDB review set (A. Maas et al., 2011)
 * the folder gives the label and the name, {@code number_rating.txt}, the rating; rating 0 there
 * means that none is known.
 */
final class TextFilesReader {

  private static final Map<String, String> LABELS = Map.of("pos", "positive", "neg", "negative");
  private static final Pattern RATED_NAME = Pattern.compile("\\d+_(\\d{1,2})\\.txt");
  private static final int MAX_RATING = 10;

  private final TextShard shard;
  private final ItemSink sink;

  TextFilesReader(TextShard shard, Consumer<? super TextItem> sink) {
    this.shard = shard;
    this.sink = new ItemSink(sink);
  }

  /** Whether the file's folder names a label. */
  static boolean isLabelled(Path file) {
    return LABELS.containsKey(folderName(file));
  }

  void read() throws IOException {
    Path path = shard.path();
    if (!Files.isDirectory(path)) {
      file(path, shard.source());
      return;
    }
    List<Path> files;
    try (Stream<Path> all = Files.list(path)) {
      files =
          all.filter(Files::isRegularFile)
              .filter(file -> TextFormat.byName(file).filter(shard.format()::equals).isPresent())
              .filter(file -> !file.getFileName().toString().startsWith("_"))
              .filter(file -> !file.getFileName().toString().startsWith("."))
              .sorted()
              .toList();
    }
    String prefix = shard.source().isEmpty() ? "" : shard.source() + "/";
    for (Path file : files) {
      file(file, prefix + file.getFileName());
    }
  }

  private void file(Path file, String source) throws IOException {
    LineReader.Line content =
        Compression.read(
            file,
            bytes -> {
              StringBuilder text = new StringBuilder();
              char[] buffer = new char[1 << 13];
              var reader = Utf8.reader(bytes);
              int read = reader.read(buffer);
              while (read >= 0 && text.length() <= TextShard.MAX_ROW_CHARS) {
                text.append(buffer, 0, read);
                read = reader.read(buffer);
              }
              boolean cut = text.length() > TextShard.MAX_ROW_CHARS;
              return new LineReader.Line(1, text.toString(), cut);
            });
    if (content.cut()) {
      String detail = "expected at most " + TextShard.MAX_ROW_CHARS + " characters, found more";
      sink.bad(source, 1, BadRow.Reason.TOO_LONG, detail, content.text());
      return;
    }
    sink.document(source, 1, source, content.text(), attributes(file), content.text());
  }

  private static Map<String, String> attributes(Path file) {
    Map<String, String> attributes = new HashMap<>();
    String label = LABELS.get(folderName(file));
    if (label != null) {
      attributes.put(Document.LABEL, label);
      Matcher name = RATED_NAME.matcher(Compression.bareName(file));
      if (name.matches()) {
        int rating = Integer.parseInt(name.group(1));
        if (rating >= 1 && rating <= MAX_RATING) {
          attributes.put(Document.RATING, Integer.toString(rating));
        }
      }
    }
    return attributes;
  }

  private static String folderName(Path file) {
    Path folder = file.toAbsolutePath().normalize().getParent();
    return folder == null ? "" : String.valueOf(folder.getFileName());
  }
}
