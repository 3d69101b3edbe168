package dev.cantilever.beam;

import dev.cantilever.codec.ParquetRecordWriter;
import dev.cantilever.codec.RecordSchema;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import org.apache.beam.sdk.io.FileIO;
import org.jspecify.annotations.Nullable;

/**
 * Writes records as a Parquet file, for {@code FileIO.write().via(...)}. {@code flush} writes the
 * footer; the channel is Beam's, and Beam closes it.
 *
 * @param <T> the record
 */
public final class ParquetSink<T> implements FileIO.Sink<T> {

  private static final long serialVersionUID = 1L;

  private final RecordSchema<T> schema;
  private transient @Nullable ParquetRecordWriter<T> writer;

  private ParquetSink(RecordSchema<T> schema) {
    this.schema = schema;
  }

  /** A sink for records of a schema. */
  public static <T> ParquetSink<T> of(RecordSchema<T> schema) {
    return new ParquetSink<>(schema);
  }

  @Override
  public void open(WritableByteChannel channel) throws IOException {
    writer = ParquetRecordWriter.over(schema, channel);
  }

  @Override
  public void write(T record) throws IOException {
    opened().write(record);
  }

  @Override
  public void flush() throws IOException {
    opened().close();
  }

  private ParquetRecordWriter<T> opened() {
    if (writer == null) {
      throw new IllegalStateException("Beam used a sink of '" + schema.name() + "' before open");
    }
    return writer;
  }
}
