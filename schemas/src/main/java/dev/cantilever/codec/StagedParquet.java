package dev.cantilever.codec;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.UUID;
import org.apache.arrow.vector.VectorSchemaRoot;

/**
 * A Parquet file that appears under its name whole or not at all: written aside under a name of its
 * own, so that a second attempt at the same file is not in its way, and renamed by {@link
 * #publish}.
 *
 * @param <T> the record
 */
public final class StagedParquet<T> implements Closeable {

  private final Path target;
  private final Path aside;
  private final ParquetRecordWriter<T> writer;

  private StagedParquet(Path target, Path aside, ParquetRecordWriter<T> writer) {
    this.target = target;
    this.aside = aside;
    this.writer = writer;
  }

  /** Begins a file. */
  public static <T> StagedParquet<T> open(RecordSchema<T> schema, Path target) throws IOException {
    Path aside =
        target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".part");
    return new StagedParquet<>(target, aside, ParquetRecordWriter.open(schema, aside));
  }

  /** Writes a whole file of records. */
  public static <T> void write(RecordSchema<T> schema, Path target, List<T> records)
      throws IOException {
    try (StagedParquet<T> file = open(schema, target)) {
      for (T record : records) {
        file.write(record);
      }
      file.publish();
    }
  }

  /** Writes a record. */
  public void write(T record) throws IOException {
    writer.write(record);
  }

  /** Writes the rows of a batch, which stays the caller's. */
  public void writeBatch(VectorSchemaRoot root) throws IOException {
    writer.writeBatch(root);
  }

  /** How many rows were written. */
  public long rows() {
    return writer.rows();
  }

  /** Ends the file and gives it its name; what had that name is replaced. */
  public void publish() throws IOException {
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
