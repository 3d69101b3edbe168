package dev.cantilever.codec;

import dev.cantilever.row.SchemaException;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;

/** Records to an Arrow record batch and back. */
public final class ArrowRecords {

  private ArrowRecords() {}

  /**
   * A batch of these records, in their order; the caller closes it.
   *
   * @throws SchemaException if a text is no Unicode
   */
  public static <T> VectorSchemaRoot toRoot(
      RecordSchema<T> schema, List<T> records, BufferAllocator allocator) {
    List<RowValues> rows = records.stream().map(schema::takeApart).toList();
    VectorSchemaRoot root = VectorSchemaRoot.create(schema.rowType().arrowSchema(), allocator);
    try {
      for (int i = 0; i < schema.rowType().size(); i++) {
        int position = i;
        ArrowForm.write(
            schema.rowType().columns().get(i),
            root.getVector(i),
            rows.stream().map(row -> row.get(position)).toList());
      }
      root.setRowCount(rows.size());
      return root;
    } catch (RuntimeException | Error e) {
      root.close();
      throw e;
    }
  }

  /**
   * The records of a batch, in its order; the batch stays the caller's.
   *
   * @throws SchemaException if the batch has other columns, lacks a value, or a record refuses one
   */
  public static <T> List<T> fromRoot(RecordSchema<T> schema, VectorSchemaRoot root) {
    return rows(schema.rowType(), root).stream().map(schema::assemble).toList();
  }

  /** The rows of a batch, taken apart. */
  static List<RowValues> rows(RowType type, VectorSchemaRoot root) {
    requireColumns(type, root);
    int rowCount = root.getRowCount();
    List<List<@Nullable Object>> columns = new ArrayList<>();
    for (int i = 0; i < type.size(); i++) {
      columns.add(ArrowForm.read(type.columns().get(i), root.getVector(i), rowCount));
    }
    List<RowValues> rows = new ArrayList<>(rowCount);
    for (int row = 0; row < rowCount; row++) {
      int at = row;
      rows.add(new RowValues(type, columns.stream().map(column -> column.get(at)).toArray()));
    }
    return rows;
  }

  /**
   * Checks that a batch has the columns of a row type, in order.
   *
   * @throws SchemaException if it has others, naming both
   */
  public static void requireColumns(RowType type, VectorSchemaRoot root) {
    List<Field> expected = type.arrowSchema().getFields();
    List<Field> found = root.getSchema().getFields();
    boolean same = expected.size() == found.size();
    for (int i = 0; same && i < expected.size(); i++) {
      same = sameName(expected.get(i), found.get(i)) && sameType(expected.get(i), found.get(i));
    }
    if (!same) {
      throw new SchemaException(
          "Expected a batch of '"
              + type.name()
              + "' with columns "
              + expected
              + ", found "
              + found
              + ". Use the schema that the batch was made with.");
    }
  }

  private static boolean sameName(Field expected, Field found) {
    return expected.getName().equals(found.getName());
  }

  // The name of a list's element is a matter of the writer's taste; those of a struct are not.
  private static boolean sameType(Field expected, Field found) {
    boolean named = expected.getType() instanceof ArrowType.Struct;
    List<Field> expectedChildren = expected.getChildren();
    List<Field> foundChildren = found.getChildren();
    boolean same =
        expected.getType().equals(found.getType())
            && expectedChildren.size() == foundChildren.size();
    for (int i = 0; same && i < expectedChildren.size(); i++) {
      same =
          (!named || sameName(expectedChildren.get(i), foundChildren.get(i)))
              && sameType(expectedChildren.get(i), foundChildren.get(i));
    }
    return same;
  }
}
