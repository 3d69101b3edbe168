package dev.cantilever.text;

import static dev.cantilever.text.TextFolder.read;
import static dev.cantilever.text.TextFolder.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextSourceTest {

  private static final TextColumns TEXT = TextColumns.ofText("text");
  private static final String ROWS = "{\"text\": \"one\"}\n{\"text\": \"two\"}\n";

  @TempDir private Path temp;
  private TextFolder folder;

  @BeforeEach
  void makeFolder() {
    folder = new TextFolder(temp);
  }

  @Test
  void compression_whateverTheName_isToldByTheFirstBytes() throws IOException {
    assertThat(texts(read(folder.write("a.jsonl", TextFolder.gzip(ROWS)))))
        .containsExactly("one", "two");
    assertThat(texts(read(folder.write("b.jsonl.gz", TextFolder.zstd(ROWS)))))
        .containsExactly("one", "two");
    assertThat(texts(read(folder.write("c.jsonl.zst", ROWS)))).containsExactly("one", "two");
    assertThat(texts(read(folder.write("d.csv.zstd", TextFolder.zstd("text\nx\n")))))
        .containsExactly("x");
  }

  @Test
  void compression_severalMembers_areAllRead() throws IOException {
    ByteArrayOutputStream gzip = new ByteArrayOutputStream();
    gzip.writeBytes(TextFolder.gzip(ROWS));
    gzip.writeBytes(TextFolder.gzip(ROWS));
    ByteArrayOutputStream zstd = new ByteArrayOutputStream();
    zstd.writeBytes(TextFolder.zstd(ROWS));
    zstd.writeBytes(TextFolder.zstd(ROWS));

    assertThat(read(folder.write("a.jsonl.gz", gzip.toByteArray()))).hasSize(4);
    assertThat(read(folder.write("b.jsonl.zst", zstd.toByteArray()))).hasSize(4);
  }

  @Test
  void compression_truncated_isRefusedNamingTheFile() throws IOException {
    byte[] gzip = TextFolder.gzip(ROWS.repeat(100));
    byte[] zstd = TextFolder.zstd(ROWS.repeat(100));
    Path a = folder.write("a.jsonl.gz", Arrays.copyOf(gzip, gzip.length - 9));
    Path b = folder.write("b.jsonl.zst", Arrays.copyOf(zstd, zstd.length - 9));

    for (Path file : new Path[] {a, b}) {
      TextSource source = new TextSource(file, TextFormat.JSONL, TEXT);
      assertThatThrownBy(() -> read(source))
          .isInstanceOf(DatasetException.class)
          .hasMessageContaining(file.toString())
          .hasMessageContaining("truncated");
    }
  }

  @Test
  void format_ofANamelessFile_isToldByItsContent() throws IOException {
    Path file = folder.write("part-0", "  " + ROWS);

    assertThat(TextSource.detect(file, TEXT).format()).isEqualTo(TextFormat.JSONL);
  }

  @Test
  void format_unknown_isRefusedListingTheFormats() throws IOException {
    Path file = folder.write("reviews.dat", "who knows");

    assertThatThrownBy(() -> TextSource.detect(file, TEXT))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("jsonl, csv, parquet, text-files");
  }

  @Test
  void format_stated_overridesTheName() throws IOException {
    Path file = folder.write("reviews.dat", "text\nfrom csv\n");

    assertThat(texts(read(new TextSource(file, TextFormat.CSV, TEXT)))).containsExactly("from csv");
  }

  @Test
  void format_byName_ignoresCaseAndListsTheLegalOnes() {
    assertThat(TextFormat.parse("Text-Files")).isEqualTo(TextFormat.TEXT_FILES);
    assertThatThrownBy(() -> TextFormat.parse("xml"))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("jsonl, csv, parquet, text-files")
        .hasMessageContaining("'xml'");
  }

  @Test
  void folder_itsShards_areSortedAndLeaveOutHiddenFiles() throws IOException {
    folder.write("b.jsonl", ROWS);
    folder.write("sub/a.jsonl.gz", TextFolder.gzip(ROWS));
    folder.write("_SUCCESS", "");
    folder.write("_temporary/x.jsonl", ROWS);
    folder.write(".c.jsonl", ROWS);
    folder.write("README.txt", "about");

    assertThat(TextSource.detect(temp, TEXT).shards())
        .extracting(TextShard::source)
        .containsExactly("b.jsonl", "sub/a.jsonl.gz");
  }

  @Test
  void folder_ofTwoFormats_isRefused() throws IOException {
    folder.write("a.jsonl", ROWS);
    folder.write("b.csv", "text\nx\n");

    assertThatThrownBy(() -> TextSource.detect(temp, TEXT))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("JSONL=1")
        .hasMessageContaining("CSV=1");
  }

  @Test
  void input_missingOrEmpty_isRefused() throws IOException {
    Path missing = temp.resolve("nowhere.jsonl");
    assertThatThrownBy(() -> TextSource.detect(missing, TEXT))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining(missing.toString())
        .hasMessageContaining("nothing there");
    assertThatThrownBy(() -> new TextSource(missing, TextFormat.CSV, TEXT).shards())
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("nothing there");
    assertThatThrownBy(() -> TextSource.detect(temp, TEXT))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("found none");
    Path empty = folder.write("empty.jsonl", "");
    assertThatThrownBy(() -> TextSource.detect(empty, TEXT).shards())
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("1 empty file(s)");
  }

  @Test
  void shard_whoseFileVanished_isRefused() {
    for (TextFormat format : TextFormat.values()) {
      Path gone = temp.resolve("gone");
      assertThatThrownBy(
              () -> new TextShard(gone.toString(), "gone", format, TEXT).read(item -> {}))
          .isInstanceOf(DatasetException.class)
          .hasMessageContaining("nothing there");
    }
  }

  @Test
  void shardAndItems_serialized_stayEqual() throws IOException, ClassNotFoundException {
    Path file = folder.write("a.jsonl", ROWS + "broken");
    TextSource source = TextSource.detect(file, TEXT);
    List<Object> sent = new ArrayList<>(source.shards());
    sent.addAll(read(source));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(sent);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertThat(in.readObject()).isEqualTo(sent);
      assertThat(sent).hasSize(4);
    }
  }

  @Test
  void badRow_longContent_isCutBetweenCharacters() {
    String raw = "a".repeat(BadRow.RAW_LIMIT - 2) + "🎬🎬";
    BadRow row = new BadRow("f", 1, BadRow.Reason.MALFORMED, "d", raw);

    assertThat(row.raw()).isEqualTo("a".repeat(BadRow.RAW_LIMIT - 2) + "…");
    assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(row.raw())).isTrue();
  }
}
