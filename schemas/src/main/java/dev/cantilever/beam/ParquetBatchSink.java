package dev.cantilever.beam;

import dev.cantilever.codec.ArrowMemory;
import dev.cantilever.codec.ParquetRecordWriter;
import dev.cantilever.codec.RecordSchema;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import org.apache.beam.sdk.io.FileIO;
import org.jspecify.annotations.Nullable;

/**
 * Writes the columns of {@link ArrowBatch batches} as a Parquet file, for {@code
 * FileIO.write().via(...)}; no record is made. {@code flush} writes the footer; the channel is
 * Beam's, and Beam closes it.
 */
public final class ParquetBatchSink implements FileIO.Sink<ArrowBatch> {

  private static final long serialVersionUID = 1L;

  private final RecordSchema<?> schema;
  private transient @Nullable ParquetRecordWriter<?> writer;

  private ParquetBatchSink(RecordSchema<?> schema) {
    this.schema = schema;
  }

  /** A sink for batches of a schema. */
  public static ParquetBatchSink of(RecordSchema<?> schema) {
    return new ParquetBatchSink(schema);
  }

  @Override
  public void open(WritableByteChannel channel) throws IOException {
    writer = ParquetRecordWriter.over(schema, channel);
  }

  /**
   * Writes the rows of a batch.
   *
   * @throws dev.cantilever.row.SchemaException if the batch has other columns
   */
  @Override
  public void write(ArrowBatch batch) throws IOException {
    try (ArrowMemory memory = ArrowMemory.open("write a batch of " + schema.name());
        OpenBatch open = batch.open(memory.allocator())) {
      opened().writeBatch(open.root());
    }
  }

  @Override
  public void flush() throws IOException {
    opened().close();
  }

  private ParquetRecordWriter<?> opened() {
    if (writer == null) {
      throw new IllegalStateException("Beam used a sink of '" + schema.name() + "' before open");
    }
    return writer;
  }
}
