package dev.cantilever.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.row.ArbitraryRecords;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.arrow.vector.VectorSchemaRoot;

/** Record, Arrow, Parquet and back is the identity for every kind of record. */
class RoundTripTest {

  /** Some records and their schema. */
  record Rows<T>(RecordSchema<T> schema, List<T> records) {}

  @Provide
  Arbitrary<Rows<?>> rows() {
    return Arbitraries.oneOf(
        of(Schemas.QUERY, ArbitraryRecords.queries()),
        of(Schemas.ROLLOUT, ArbitraryRecords.rollouts()),
        of(Schemas.ROLLOUT_UPDATE, ArbitraryRecords.updates()),
        of(Schemas.STEP_STATS, ArbitraryRecords.stepStats()),
        of(Schemas.DOCUMENT, ArbitraryRecords.documents()),
        of(Schemas.TOKEN_ROW, ArbitraryRecords.tokenRows()),
        of(Schemas.TOKENIZED_DOCUMENT, ArbitraryRecords.tokenizedDocuments()),
        of(Schemas.DEAD_LETTER, ArbitraryRecords.deadLetters()));
  }

  private static <T> Arbitrary<Rows<?>> of(RecordSchema<T> schema, Arbitrary<T> records) {
    return records.list().ofMaxSize(5).map(list -> new Rows<>(schema, list));
  }

  @Property(tries = 300, seed = "1")
  void values_assembled_giveTheRecord(@ForAll("rows") Rows<?> rows) {
    assembled(rows);
  }

  private static <T> void assembled(Rows<T> rows) {
    for (T record : rows.records()) {
      assertThat(rows.schema().assemble(rows.schema().takeApart(record))).isEqualTo(record);
    }
  }

  @Property(tries = 300, seed = "2")
  void arrow_readBack_givesTheRecords(@ForAll("rows") Rows<?> rows) {
    arrow(rows);
  }

  private static <T> void arrow(Rows<T> rows) {
    try (ArrowMemory memory = ArrowMemory.open("round trip");
        VectorSchemaRoot root =
            ArrowRecords.toRoot(rows.schema(), rows.records(), memory.allocator())) {
      assertThat(root.getRowCount()).isEqualTo(rows.records().size());
      assertThat(ArrowRecords.fromRoot(rows.schema(), root)).isEqualTo(rows.records());
    }
  }

  @Property(tries = 150, seed = "3")
  void parquet_readBack_givesTheRecords(@ForAll("rows") Rows<?> rows) throws IOException {
    parquet(rows);
  }

  private static <T> void parquet(Rows<T> rows) throws IOException {
    byte[] bytes = parquetBytes(rows);
    Path file = Files.createTempFile("round-trip", ".parquet");
    try {
      Files.write(file, bytes);
      assertThat(ParquetRecordReader.readAll(rows.schema(), file)).isEqualTo(rows.records());
    } finally {
      Files.delete(file);
    }
  }

  @Property(tries = 60, seed = "4")
  void parquet_equalRecordsOrTheirBatch_giveEqualBytes(@ForAll("rows") Rows<?> rows)
      throws IOException {
    equalBytes(rows);
  }

  private static <T> void equalBytes(Rows<T> rows) throws IOException {
    byte[] bytes = parquetBytes(rows);
    assertThat(parquetBytes(new Rows<>(rows.schema(), new ArrayList<>(rows.records()))))
        .isEqualTo(bytes);
    ByteArrayOutputStream fromBatch = new ByteArrayOutputStream();
    try (ArrowMemory memory = ArrowMemory.open("equal bytes");
        VectorSchemaRoot root =
            ArrowRecords.toRoot(rows.schema(), rows.records(), memory.allocator());
        ParquetRecordWriter<T> writer =
            ParquetRecordWriter.over(rows.schema(), Channels.newChannel(fromBatch))) {
      writer.writeBatch(root);
    }
    assertThat(fromBatch.toByteArray()).isEqualTo(bytes);
  }

  private static <T> byte[] parquetBytes(Rows<T> rows) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ParquetRecordWriter<T> writer =
        ParquetRecordWriter.over(rows.schema(), Channels.newChannel(out))) {
      for (T record : rows.records()) {
        writer.write(record);
      }
      assertThat(writer.rows()).isEqualTo(rows.records().size());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  @Property(tries = 20, seed = "5")
  void catalogue_recordClass_findsItsSchema(@ForAll("rows") Rows<?> rows) {
    assertThat(Schemas.of(rows.schema().recordType())).isEqualTo(Optional.of(rows.schema()));
  }
}
