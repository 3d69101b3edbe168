package dev.cantilever.text;

import static dev.cantilever.text.TextFolder.bad;
import static dev.cantilever.text.TextFolder.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ParquetTextReaderTest {

  private static final MessageType SCHEMA =
      MessageTypeParser.parseMessageType(
          """
          message review {
            optional binary id (STRING);
            optional binary text (STRING);
            optional int32 rating;
            optional group tags (LIST) { repeated group list { optional int32 element; } }
          }
          """);

  @TempDir private Path temp;

  @ParameterizedTest
  @EnumSource(
      value = CompressionCodecName.class,
      names = {"UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD"})
  void rows_anyCodec_becomeDocuments(CompressionCodecName codec) throws IOException {
    Path file =
        write("r.parquet", codec, row("a", "one é🎬", 9), row("b", "two", 1), row("c", "three", 2));

    List<TextItem> items = read(TextSource.detect(file, TextColumns.ofReviews()));

    assertThat(items)
        .containsExactly(
            new Document("a", "r.parquet", 1, "one é🎬", Map.of("rating", "9")),
            new Document("b", "r.parquet", 2, "two", Map.of("rating", "1")),
            new Document("c", "r.parquet", 3, "three", Map.of("rating", "2")));
  }

  @Test
  void rows_badOnes_areSetAside() throws IOException {
    Group noText = new SimpleGroup(SCHEMA).append("id", "a");
    Group noId = new SimpleGroup(SCHEMA).append("text", "x");
    Group broken = new SimpleGroup(SCHEMA).append("id", "c");
    broken.add("text", Binary.fromConstantByteArray(new byte[] {'o', (byte) 0xFF}));
    Path file =
        write("r.parquet", CompressionCodecName.ZSTD, noText, noId, broken, row("d", " ", 1));

    List<TextItem> items = read(TextSource.detect(file, TextColumns.ofReviews()));

    assertThat(bad(items))
        .extracting(BadRow::row, BadRow::reason)
        .containsExactly(
            tuple(1L, BadRow.Reason.MISSING_TEXT),
            tuple(2L, BadRow.Reason.MISSING_ID),
            tuple(3L, BadRow.Reason.INVALID_UTF8),
            tuple(4L, BadRow.Reason.EMPTY_TEXT));
  }

  @Test
  void format_withoutAKnownName_isToldByTheFirstBytes() throws IOException {
    Path file = write("part-0", CompressionCodecName.ZSTD, row("a", "one", 9));

    assertThat(TextSource.detect(file, TextColumns.ofText("text")).format())
        .isEqualTo(TextFormat.PARQUET);
  }

  @Test
  void column_thatDoesNotExist_isRefusedNamingTheColumns() throws IOException {
    Path file = write("r.parquet", CompressionCodecName.ZSTD, row("a", "one", 9));

    assertThatThrownBy(() -> read(TextSource.detect(file, TextColumns.ofText("review"))))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("'review'")
        .hasMessageContaining("[id, text, rating, tags]");
  }

  @Test
  void column_thatIsNoText_isRefused() throws IOException {
    Path file = write("r.parquet", CompressionCodecName.ZSTD, row("a", "one", 9));

    assertThatThrownBy(() -> read(TextSource.detect(file, TextColumns.ofText("rating"))))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("'rating' to be a string");
    assertThatThrownBy(() -> read(TextSource.detect(file, TextColumns.ofText("tags"))))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("'tags' to be a string");
  }

  @Test
  void file_truncated_isRefused() throws IOException {
    Path file = write("r.parquet", CompressionCodecName.ZSTD, row("a", "one", 9));
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));

    assertThatThrownBy(() -> read(file))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("whole Parquet file");
  }

  @Test
  void sink_thatThrows_isNotMistakenForADamagedFile() throws IOException {
    Path file = write("r.parquet", CompressionCodecName.ZSTD, row("a", "one", 9));
    TextShard shard = TextSource.detect(file, TextColumns.ofText("text")).shards().get(0);

    assertThatThrownBy(
            () ->
                shard.read(
                    item -> {
                      throw new IllegalArgumentException("mine");
                    }))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("mine");
  }

  private static Group row(String id, String text, int rating) {
    return new SimpleGroup(SCHEMA).append("id", id).append("text", text).append("rating", rating);
  }

  private Path write(String name, CompressionCodecName codec, Group... rows) throws IOException {
    Path file = temp.resolve(name);
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(new LocalOutputFile(file))
            .withConf(new PlainParquetConfiguration())
            .withType(SCHEMA)
            .withCompressionCodec(codec)
            .build()) {
      for (Group row : rows) {
        writer.write(row);
      }
    }
    return file;
  }
}
