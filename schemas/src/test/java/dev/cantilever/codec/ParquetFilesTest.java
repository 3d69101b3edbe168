package dev.cantilever.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.row.Document;
import dev.cantilever.row.Examples;
import dev.cantilever.row.IntSequence;
import dev.cantilever.row.Rollout;
import dev.cantilever.row.SchemaException;
import dev.cantilever.row.Split;
import dev.cantilever.row.TokenRow;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParquetFilesTest {

  @TempDir Path folder;

  private Path written() throws IOException {
    Path file = folder.resolve("rollouts.parquet");
    try (ParquetRecordWriter<Rollout> writer = ParquetRecordWriter.open(Schemas.ROLLOUT, file)) {
      for (Rollout rollout : Examples.rollouts(50)) {
        writer.write(rollout);
      }
    }
    return file;
  }

  @Test
  void schema_ofRollout_hasStandardThreeLevelLists() {
    assertThat(Schemas.ROLLOUT.rowType().parquetSchema())
        .isEqualTo(
            MessageTypeParser.parseMessageType(
                """
                message rollout {
                  required binary run (STRING);
                  required int32 step;
                  required int32 batch;
                  required int64 query_id;
                  required binary query (STRING);
                  required group query_ids (LIST) {
                    repeated group list { required int32 element; }
                  }
                  required binary response (STRING);
                  required group response_ids (LIST) {
                    repeated group list { required int32 element; }
                  }
                  required group sampler_logprobs (LIST) {
                    repeated group list { required float element; }
                  }
                  required group scores (LIST) {
                    repeated group list {
                      required group element {
                        required binary source (STRING);
                        required binary label (STRING);
                        required double value;
                      }
                    }
                  }
                  required int64 seed;
                  required binary base_digest (STRING);
                  required binary adapter_digest (STRING);
                  required binary sampler_digest (STRING);
                  required int32 query_length;
                  required int32 response_length;
                  required binary stop_reason (STRING);
                  required int64 time_millis;
                }
                """));
  }

  @Test
  void footer_ofFile_saysZstdRowsAndName() throws IOException {
    try (ParquetFileReader reader = ParquetFileReader.open(new LocalInputFile(written()))) {
      ParquetMetadata footer = reader.getFooter();
      assertThat(reader.getRecordCount()).isEqualTo(50);
      assertThat(footer.getFileMetaData().getKeyValueMetaData())
          .containsEntry("cantilever.row", "rollout");
      assertThat(footer.getBlocks().get(0).getColumns())
          .allMatch(column -> column.getCodec() == CompressionCodecName.ZSTD);
    }
  }

  @Test
  void readAll_longText_isWhole() throws IOException {
    Path file = folder.resolve("long.parquet");
    String text = "ä😀x".repeat(400_000);
    List<Document> documents =
        List.of(new Document(1, "a", text, Split.TEST), new Document(2, "b", "", Split.TRAIN));
    try (var writer = ParquetRecordWriter.open(Schemas.DOCUMENT, file)) {
      for (Document document : documents) {
        writer.write(document);
      }
    }
    assertThat(ParquetRecordReader.readAll(Schemas.DOCUMENT, file)).isEqualTo(documents);
  }

  @Test
  void readAll_manyRows_keepsTheirOrder() throws IOException {
    Path file = folder.resolve("many.parquet");
    try (var writer = ParquetRecordWriter.open(Schemas.TOKEN_ROW, file)) {
      for (int row = 0; row < 30_000; row++) {
        writer.write(new TokenRow(row, Split.TRAIN, IntSequence.of(row, row + 1)));
      }
    }
    List<TokenRow> rows = ParquetRecordReader.readAll(Schemas.TOKEN_ROW, file);
    assertThat(rows).hasSize(30_000);
    assertThat(rows.get(29_999).ids()).isEqualTo(IntSequence.of(29_999, 30_000));
    assertThat(rows).extracting(TokenRow::rowId).isSorted();
  }

  @Test
  void over_callersChannel_staysOpen() throws IOException {
    Path file = folder.resolve("channel.parquet");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      ParquetRecordWriter<Rollout> writer = ParquetRecordWriter.over(Schemas.ROLLOUT, channel);
      writer.write(Examples.rollout(1));
      writer.close();
      assertThat(channel.isOpen()).isTrue();
      assertThat(channel.position()).isEqualTo(Files.size(file));
    }
    assertThat(ParquetRecordReader.readAll(Schemas.ROLLOUT, file))
        .containsExactly(Examples.rollout(1));
  }

  @Test
  void readAll_truncatedFile_failsNamingIt() throws IOException {
    Path file = written();
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 100));
    assertThatThrownBy(() -> ParquetRecordReader.readAll(Schemas.ROLLOUT, file))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("rollouts.parquet")
        .hasMessageContaining("expected a whole Parquet file of 'rollout'");
  }

  @Test
  void readAll_anyByteOfThePagesAltered_failsNamingTheFile() throws IOException {
    Path file = written();
    byte[] bytes = Files.readAllBytes(file);
    long pagesEnd;
    try (ParquetFileReader reader = ParquetFileReader.open(new LocalInputFile(file))) {
      var last = reader.getFooter().getBlocks().get(0).getColumns();
      pagesEnd =
          last.get(last.size() - 1).getStartingPos() + last.get(last.size() - 1).getTotalSize();
    }
    // Page headers carry no checksum and have fields nobody reads, so a few changes go unseen;
    // what is then read must still be what was written.
    int seen = 0;
    for (int at = 4; at < pagesEnd; at += 7) {
      byte[] altered = bytes.clone();
      altered[at] ^= 0x55;
      Files.write(file, altered);
      try {
        assertThat(ParquetRecordReader.readAll(Schemas.ROLLOUT, file))
            .isEqualTo(Examples.rollouts(50));
      } catch (SchemaException | IOException e) {
        assertThat(e).hasMessageContaining("rollouts.parquet");
        seen++;
      }
    }
    assertThat(seen).isGreaterThan((int) (pagesEnd / 7 / 2));
  }

  @Test
  void readAll_otherKindOfRow_namesTheMissingColumn() throws IOException {
    Path file = written();
    assertThatThrownBy(() -> ParquetRecordReader.readAll(Schemas.DOCUMENT, file))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("document_id")
        .hasMessageContaining("sampler_logprobs");
  }

  private Path foreign(String schema, String split, boolean withText) throws IOException {
    MessageType type = MessageTypeParser.parseMessageType(schema);
    Path file = folder.resolve("foreign.parquet");
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(new LocalOutputFile(file))
            .withConf(new PlainParquetConfiguration())
            .withType(type)
            .build()) {
      Group row = new SimpleGroupFactory(type).newGroup();
      row.append("extra", 1.5);
      row.append("split", split);
      row.append("source", "s");
      if (withText) {
        row.append("text", "hello");
      }
      row.append("document_id", 7L);
      writer.write(row);
    }
    return file;
  }

  private static final String NULLABLE =
      """
      message foreign {
        optional double extra;
        optional binary split (STRING);
        optional binary source (STRING);
        optional binary text (STRING);
        optional int64 document_id;
      }
      """;

  @Test
  void readAll_otherWritersNullableColumnsInOtherOrder_areRead() throws IOException {
    Path file = foreign(NULLABLE, "train", true);
    assertThat(ParquetRecordReader.readAll(Schemas.DOCUMENT, file))
        .containsExactly(new Document(7, "s", "hello", Split.TRAIN));
  }

  @Test
  void readAll_null_failsNamingFileRowAndColumn() throws IOException {
    Path file = foreign(NULLABLE, "train", false);
    assertThatThrownBy(() -> ParquetRecordReader.readAll(Schemas.DOCUMENT, file))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("foreign.parquet, row 0")
        .hasMessageContaining("column 'text', found no value");
  }

  @Test
  void readAll_columnOfOtherType_namesBothTypes() throws IOException {
    Path file = foreign(NULLABLE.replace("text (STRING)", "text"), "train", true);
    assertThatThrownBy(() -> ParquetRecordReader.readAll(Schemas.DOCUMENT, file))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("required binary text (STRING)")
        .hasMessageContaining("optional binary text'");
  }
}
