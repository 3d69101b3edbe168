package dev.cantilever.prepare;

import dev.cantilever.codec.ParquetRecordWriter;
import dev.cantilever.codec.RecordSchema;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;

/**
 * A Parquet file that appears under its name whole or not at all: written aside under a name of its
 * own, so that a second attempt at the same file is not in its way, and renamed by {@link
 * #publish}.
 *
 * @param <T> the record
 */
final class StagedParquet<T> implements Closeable {

  private final Path target;
  private final Path aside;
  private final ParquetRecordWriter<T> writer;

  private StagedParquet(Path target, Path aside, ParquetRecordWriter<T> writer) {
    this.target = target;
    this.aside = aside;
    this.writer = writer;
  }

  static <T> StagedParquet<T> open(RecordSchema<T> schema, Path target) throws IOException {
    Path aside = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID());
    return new StagedParquet<>(target, aside, ParquetRecordWriter.open(schema, aside));
  }

  void write(T record) throws IOException {
    writer.write(record);
  }

  long rows() {
    return writer.rows();
  }

  /** Ends the file and gives it its name; what had that name is replaced. */
  void publish() throws IOException {
    writer.close();
    Files.move(aside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Ends the file; one that was not published is gone. */
  @Override
  public void close() throws IOException {
    try {
      writer.close();
    } finally {
      Files.deleteIfExists(aside);
    }
  }
}
