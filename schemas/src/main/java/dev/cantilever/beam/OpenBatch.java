package dev.cantilever.beam;

import dev.cantilever.codec.ArrowRecords;
import dev.cantilever.codec.ListColumn;
import dev.cantilever.codec.RecordSchema;
import dev.cantilever.row.SchemaException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamReader;

/** An {@link ArrowBatch} in Arrow memory, for reading in place. Whoever opened it closes it. */
public final class OpenBatch implements AutoCloseable {

  private final String rowType;
  private final ArrowStreamReader reader;
  private final VectorSchemaRoot root;

  OpenBatch(String rowType, ArrowStreamReader reader, VectorSchemaRoot root) {
    this.rowType = rowType;
    this.reader = reader;
    this.root = root;
  }

  /** The columns; they belong to this batch and are not to be changed. */
  public VectorSchemaRoot root() {
    return root;
  }

  /** How many rows there are. */
  public int rows() {
    return root.getRowCount();
  }

  /**
   * A list column as it lies in memory.
   *
   * @throws SchemaException if there is no such column of int32 or float32 lists
   */
  public ListColumn list(String column) {
    return ListColumn.of(root, column);
  }

  /**
   * The records of the batch, in its order.
   *
   * @throws SchemaException if the batch is of another row type
   */
  public <T> List<T> records(RecordSchema<T> schema) {
    if (!schema.name().equals(rowType)) {
      throw new SchemaException(
          "Expected a batch of '"
              + schema.name()
              + "', found one of '"
              + rowType
              + "'. Use the schema it was made with.");
    }
    return ArrowRecords.fromRoot(schema, root);
  }

  @Override
  public void close() {
    try {
      reader.close();
    } catch (IOException e) {
      throw new UncheckedIOException("Closing a stream in memory failed", e);
    }
  }
}
