package dev.cantilever.text;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A part of a source that one worker reads from beginning to end.
 *
 * @param file the file, or the folder of text files, as an absolute path
 * @param source its name under the source's root, with '/' between folders; empty for text files
 *     directly in the root
 * @param format how to read it
 * @param columns which columns become what
 */
public record TextShard(String file, String source, TextFormat format, TextColumns columns)
    implements Serializable {

  /** The longest row that is held in memory, in characters; a longer one is a bad row. */
  public static final int MAX_ROW_CHARS = 16 * 1024 * 1024;

  /**
   * Reads the shard, handing over one item at a time; holds one row in memory (Parquet: one row
   * group of the columns asked for), and nothing is open when it returns.
   *
   * @param sink takes each item, in the order of the file
   * @throws DatasetException if the file as a whole cannot be used: missing, damaged, not of its
   *     format, or without the text column; items of the same file may have been handed over before
   * @throws IOException if reading fails
   */
  public void read(Consumer<? super TextItem> sink) throws IOException {
    switch (format) {
      case JSONL -> new JsonlReader(this, sink).read();
      case CSV -> new CsvReader(this, sink).read();
      case PARQUET -> new ParquetTextReader(this, sink).read();
      case TEXT_FILES -> new TextFilesReader(this, sink).read();
    }
  }

  Path path() {
    return Path.of(file);
  }

  static String joined(Path relative) {
    List<String> parts = new ArrayList<>();
    relative.forEach(part -> parts.add(part.toString()));
    return String.join("/", parts);
  }
}
