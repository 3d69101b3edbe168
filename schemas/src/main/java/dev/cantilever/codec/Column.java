package dev.cantilever.codec;

import dev.cantilever.row.SchemaException;
import java.io.Serializable;

/**
 * A column of a {@link RowType}.
 *
 * @param name the name in files; no dot, which Parquet uses to join the parts of a path
 * @param type the type of its values
 */
public record Column(String name, ColumnType type) implements Serializable {

  private static final long serialVersionUID = 1L;

  /** Checks the name. */
  public Column {
    if (name.isBlank() || name.indexOf('.') >= 0) {
      throw new SchemaException(
          "Column: expected a name without a dot, found '" + name + "'. Rename the column.");
    }
  }
}
