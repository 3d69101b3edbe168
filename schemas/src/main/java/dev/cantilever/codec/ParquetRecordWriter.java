package dev.cantilever.codec;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.conf.ParquetConfiguration;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;

/**
 * Writes records, or the columns of an Arrow batch, as a Parquet file. The file is whole only after
 * {@link #close()}, which writes its footer; only a manifest makes it count.
 *
 * <p>Not safe for use by several threads.
 *
 * @param <T> the record
 */
public final class ParquetRecordWriter<T> implements Closeable {

  private final RecordSchema<T> schema;
  private final WritableByteChannel channel;
  private final boolean ownsChannel;
  private final ParquetWriter<RowValues> writer;
  private long rows;

  private ParquetRecordWriter(
      RecordSchema<T> schema, WritableByteChannel channel, boolean ownsChannel) throws IOException {
    this.schema = schema;
    this.channel = channel;
    this.ownsChannel = ownsChannel;
    this.writer = new Builder(new ChannelOutputFile(channel), schema.rowType()).build();
  }

  /** Opens a file for writing; what it held before is lost. */
  public static <T> ParquetRecordWriter<T> open(RecordSchema<T> schema, Path file)
      throws IOException {
    FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    try {
      return new ParquetRecordWriter<>(schema, channel, true);
    } catch (IOException | RuntimeException | Error e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Writes to a channel at its beginning; it stays the caller's, {@link #close()} leaves it open.
   */
  public static <T> ParquetRecordWriter<T> over(RecordSchema<T> schema, WritableByteChannel channel)
      throws IOException {
    return new ParquetRecordWriter<>(schema, channel, false);
  }

  /**
   * Writes a record.
   *
   * @throws dev.cantilever.row.SchemaException if a text is no Unicode
   */
  public void write(T record) throws IOException {
    write(schema.takeApart(record));
  }

  /**
   * Writes the rows of a batch from its columns; no record is made. The batch stays the caller's.
   *
   * @throws dev.cantilever.row.SchemaException if the batch has other columns or lacks a value
   */
  public void writeBatch(VectorSchemaRoot root) throws IOException {
    for (RowValues row : ArrowRecords.rows(schema.rowType(), root)) {
      write(row);
    }
  }

  private void write(RowValues row) throws IOException {
    writer.write(row);
    rows++;
  }

  /** How many rows were written. */
  public long rows() {
    return rows;
  }

  /** Writes what is buffered and the footer; closes the file, not a channel of the caller's. */
  @Override
  public void close() throws IOException {
    try {
      writer.close();
    } finally {
      if (ownsChannel) {
        channel.close();
      }
    }
  }

  private static final class Builder extends ParquetWriter.Builder<RowValues, Builder> {

    private final RowType type;

    Builder(OutputFile file, RowType type) {
      super(file);
      this.type = type;
      withConf(new PlainParquetConfiguration());
      withCompressionCodec(CompressionCodecName.ZSTD);
      // A dictionary of floats saves nothing and would merge NaNs of different bits.
      for (Column column : type.columns()) {
        switch (column.type()) {
          case FLOAT32, FLOAT64 -> withDictionaryEncoding(column.name(), false);
          case FLOAT32_LIST -> withDictionaryEncoding(column.name() + ".list.element", false);
          case SCORE_LIST -> withDictionaryEncoding(column.name() + ".list.element.value", false);
          default -> {}
        }
      }
    }

    @Override
    protected Builder self() {
      return this;
    }

    @Override
    @SuppressWarnings("deprecation") // Parquet still declares it abstract.
    protected WriteSupport<RowValues> getWriteSupport(Configuration configuration) {
      return new RowWriteSupport(type);
    }

    @Override
    protected WriteSupport<RowValues> getWriteSupport(ParquetConfiguration configuration) {
      return new RowWriteSupport(type);
    }
  }
}
