package dev.cantilever.beam;

import dev.cantilever.codec.ArrowMemory;
import dev.cantilever.codec.ArrowRecords;
import dev.cantilever.codec.RecordSchema;
import dev.cantilever.row.SchemaException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.beam.sdk.coders.DefaultCoder;
import org.jspecify.annotations.Nullable;

/**
 * A record batch as an element of a collection: the name of its row type, its row count, and one
 * Arrow IPC stream (schema, one uncompressed record batch, end mark). Immutable; two batches are
 * equal when their bytes are.
 *
 * <p>The bytes lie on the Java heap and belong to nobody; only {@link #open} takes Arrow memory.
 */
@DefaultCoder(ArrowBatchCoder.class)
public final class ArrowBatch {

  private final String rowType;
  private final int rows;
  private final byte[] ipc;

  /** For the coder and the factories, which hand over the array. */
  ArrowBatch(String rowType, int rows, byte[] ipc) {
    this.rowType = rowType;
    this.rows = rows;
    this.ipc = ipc;
  }

  /**
   * Copies a batch. The root stays the caller's, who closes it.
   *
   * @param rowType name of the row type, as {@link RecordSchema#name()}
   */
  public static ArrowBatch of(String rowType, VectorSchemaRoot root) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ArrowStreamWriter writer = new ArrowStreamWriter(root, null, out)) {
      writer.writeBatch();
      writer.end();
    } catch (IOException e) {
      throw new AssertionError("Writing to memory does not fail", e);
    }
    return new ArrowBatch(rowType, root.getRowCount(), out.toByteArray());
  }

  /** A batch of records, in their order. */
  public static <T> ArrowBatch ofRecords(RecordSchema<T> schema, List<T> records) {
    try (ArrowMemory memory = ArrowMemory.open("write a batch of " + schema.name());
        VectorSchemaRoot root = ArrowRecords.toRoot(schema, records, memory.allocator())) {
      return of(schema.name(), root);
    }
  }

  /** The name of the row type. */
  public String rowType() {
    return rowType;
  }

  /** How many rows there are. */
  public int rows() {
    return rows;
  }

  /** How many bytes the stream has. */
  public int ipcBytes() {
    return ipc.length;
  }

  byte[] ipc() {
    return ipc;
  }

  /**
   * Opens the batch for reading; the caller closes it, before the allocator.
   *
   * @throws SchemaException if the bytes are no whole Arrow stream of one batch
   */
  public OpenBatch open(BufferAllocator allocator) {
    ArrowStreamReader reader = new ArrowStreamReader(new ByteArrayInputStream(ipc), allocator);
    try {
      if (reader.loadNextBatch() && reader.getVectorSchemaRoot().getRowCount() == rows) {
        return new OpenBatch(rowType, reader, reader.getVectorSchemaRoot());
      }
      throw damaged(null);
    } catch (IOException | RuntimeException e) {
      try {
        reader.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e instanceof SchemaException schemaException ? schemaException : damaged(e);
    }
  }

  /**
   * The records of the batch, in its order.
   *
   * @throws SchemaException if the batch is of another row type or damaged
   */
  public <T> List<T> records(RecordSchema<T> schema) {
    try (ArrowMemory memory = ArrowMemory.open("read a batch of " + schema.name());
        OpenBatch open = open(memory.allocator())) {
      return open.records(schema);
    }
  }

  private SchemaException damaged(@Nullable Exception cause) {
    String message =
        "Batch of '"
            + rowType
            + "': expected an Arrow stream of one batch of "
            + rows
            + " rows, found "
            + ipc.length
            + " bytes of another kind. The element was damaged on its way; run the stage again.";
    return cause == null ? new SchemaException(message) : new SchemaException(message, cause);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ArrowBatch that
        && rows == that.rows
        && rowType.equals(that.rowType)
        && Arrays.equals(ipc, that.ipc);
  }

  @Override
  public int hashCode() {
    return 31 * rowType.hashCode() + Arrays.hashCode(ipc);
  }

  @Override
  public String toString() {
    return "ArrowBatch[" + rowType + ", " + rows + " rows, " + ipc.length + " bytes]";
  }
}
