package dev.cantilever.codec;

import dev.cantilever.row.SchemaException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.io.InputFile;

/**
 * Reads records from a Parquet file, ours or another writer's: the record's columns are found by
 * name and others are passed over; a column may be declared nullable but must hold no null. Page
 * checksums, where the file has them, are verified.
 *
 * <p>Not safe for use by several threads.
 *
 * @param <T> the record
 */
public final class ParquetRecordReader<T> implements Closeable {

  private final RecordSchema<T> schema;
  private final String name;
  private final SeekableByteChannel channel;
  private final ParquetReader<RowValues> reader;
  private long rows;

  private ParquetRecordReader(RecordSchema<T> schema, SeekableByteChannel channel, String name)
      throws IOException {
    this.schema = schema;
    this.name = name;
    this.channel = channel;
    this.reader =
        new Builder(new ChannelInputFile(channel, name), schema.rowType())
            .usePageChecksumVerification()
            .build();
  }

  /** Opens a file. */
  public static <T> ParquetRecordReader<T> open(RecordSchema<T> schema, Path file)
      throws IOException {
    return over(schema, FileChannel.open(file, StandardOpenOption.READ), file.toString());
  }

  /**
   * Reads from a channel, which the reader then owns and closes.
   *
   * @param name what the file is called, for messages
   */
  public static <T> ParquetRecordReader<T> over(
      RecordSchema<T> schema, SeekableByteChannel channel, String name) throws IOException {
    try {
      return new ParquetRecordReader<>(schema, channel, name);
    } catch (IOException | RuntimeException | Error e) {
      channel.close();
      throw e;
    }
  }

  /** All records of a file, in its order. */
  public static <T> List<T> readAll(RecordSchema<T> schema, Path file) throws IOException {
    List<T> records = new ArrayList<>();
    try (ParquetRecordReader<T> reader = open(schema, file)) {
      for (Optional<T> next = reader.read(); next.isPresent(); next = reader.read()) {
        records.add(next.get());
      }
    }
    return records;
  }

  /**
   * The next record; empty at the end of the file.
   *
   * @throws SchemaException if the file is damaged or no Parquet, lacks a column or a value, or the
   *     record refuses the values
   * @throws IOException if the file cannot be read, or its pages are damaged
   */
  public Optional<T> read() throws IOException {
    try {
      RowValues row = reader.read();
      if (row == null) {
        return Optional.empty();
      }
      T record = schema.assemble(row);
      rows++;
      return Optional.of(record);
    } catch (RuntimeException e) {
      // Parquet reports damage by RuntimeExceptions of many kinds, and wraps what we throw inside.
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof SchemaException) {
          throw new SchemaException(place() + cause.getMessage(), e);
        }
      }
      throw new SchemaException(place() + damage(e), e);
    } catch (IOException e) {
      throw new IOException(place() + damage(e), e);
    }
  }

  private String place() {
    return name + ", row " + rows + ": ";
  }

  private String damage(Exception e) {
    return "expected a whole Parquet file of '"
        + schema.name()
        + "', found damage: "
        + e.getMessage()
        + ". Delete the file and write it again.";
  }

  @Override
  public void close() throws IOException {
    try {
      reader.close();
    } finally {
      channel.close();
    }
  }

  private static final class Builder extends ParquetReader.Builder<RowValues> {

    private final RowType type;

    Builder(InputFile file, RowType type) {
      super(file, new PlainParquetConfiguration());
      this.type = type;
    }

    @Override
    protected ReadSupport<RowValues> getReadSupport() {
      return new RowReadSupport(type);
    }
  }
}
