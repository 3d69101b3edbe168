package dev.cantilever.text;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/** Makes input files in a test's folder and reads sources to the end. */
record TextFolder(Path path) {

  Path write(String name, String content) throws IOException {
    return write(name, content.getBytes(StandardCharsets.UTF_8));
  }

  Path write(String name, byte[] content) throws IOException {
    Path file = path.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, content);
  }

  static byte[] gzip(String content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(content.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  static byte[] zstd(String content) {
    return Zstd.compress(content.getBytes(StandardCharsets.UTF_8));
  }

  static List<TextItem> read(TextSource source) throws IOException {
    List<TextItem> items = new ArrayList<>();
    for (TextShard shard : source.shards()) {
      shard.read(items::add);
    }
    return items;
  }

  static List<TextItem> read(Path root) throws IOException {
    return read(TextSource.detect(root, TextColumns.ofText("text")));
  }

  static List<Document> documents(List<TextItem> items) {
    return items.stream().filter(Document.class::isInstance).map(Document.class::cast).toList();
  }

  static List<String> texts(List<TextItem> items) {
    return documents(items).stream().map(Document::text).toList();
  }

  static List<BadRow> bad(List<TextItem> items) {
    return items.stream().filter(BadRow.class::isInstance).map(BadRow.class::cast).toList();
  }
}
