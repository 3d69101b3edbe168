package dev.cantilever.codec;

import dev.cantilever.row.SchemaException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.parquet.schema.MessageType;
import org.jspecify.annotations.Nullable;

/** The name of a kind of row and its columns in order. Immutable. */
public final class RowType implements Serializable {

  private static final long serialVersionUID = 1L;

  private final String name;
  private final List<Column> columns;
  private final HashMap<String, Integer> positions = new HashMap<>();

  /**
   * Creates a row type.
   *
   * @throws SchemaException if the name is blank, there is no column or two share a name
   */
  public RowType(String name, List<Column> columns) {
    this.name = name;
    this.columns = List.copyOf(columns);
    if (name.isBlank() || columns.isEmpty()) {
      throw new SchemaException(
          "RowType: expected a name and columns, found '" + name + "' and " + columns + ".");
    }
    for (int i = 0; i < columns.size(); i++) {
      if (positions.put(columns.get(i).name(), i) != null) {
        throw new SchemaException(
            "RowType '"
                + name
                + "': expected each column once, found '"
                + columns.get(i).name()
                + "' twice. Rename one.");
      }
    }
  }

  /** The name of the kind of row, such as {@code rollout}. */
  public String name() {
    return name;
  }

  /** The columns in order. */
  public List<Column> columns() {
    return columns;
  }

  /** How many columns there are. */
  public int size() {
    return columns.size();
  }

  /**
   * The position of a column.
   *
   * @throws SchemaException if there is no such column
   */
  public int position(String column) {
    Integer position = positions.get(column);
    if (position == null) {
      throw new SchemaException(
          "'"
              + name
              + "': expected a column '"
              + column
              + "', found only "
              + columns.stream().map(Column::name).toList()
              + ". Correct the name.");
    }
    return position;
  }

  /** The Arrow schema, with this type's name in its metadata. */
  public Schema arrowSchema() {
    return new Schema(
        columns.stream().map(ArrowForm::field).toList(), Map.of(ArrowForm.NAME_KEY, name));
  }

  /** The Parquet schema: all columns required, lists in the standard three levels. */
  public MessageType parquetSchema() {
    return new MessageType(name, columns.stream().map(ParquetForm::type).toList());
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RowType that && name.equals(that.name) && columns.equals(that.columns);
  }

  @Override
  public int hashCode() {
    return 31 * name.hashCode() + columns.hashCode();
  }

  @Override
  public String toString() {
    return name + columns;
  }
}
