package dev.cantilever.codec;

import dev.cantilever.row.FloatSequence;
import dev.cantilever.row.IntSequence;
import java.util.List;

/**
 * The closed set of types that a column may have. No column is nullable.
 *
 * <p>An enum constant is a {@link #STRING} that holds its name. Adding a type means a case in each
 * form: Arrow, Parquet and Beam.
 */
public enum ColumnType {
  /** {@link Integer}; Arrow and Parquet int32. */
  INT32(Integer.class),
  /** {@link Long}; int64. */
  INT64(Long.class),
  /** {@link Float}; IEEE 754 single, all bits kept. */
  FLOAT32(Float.class),
  /** {@link Double}; IEEE 754 double, all bits kept. */
  FLOAT64(Double.class),
  /** {@link String} of whole Unicode characters; UTF-8. */
  STRING(String.class),
  /** {@link IntSequence}; a list of int32. */
  INT32_LIST(IntSequence.class),
  /** {@link FloatSequence}; a list of float32. */
  FLOAT32_LIST(FloatSequence.class),
  /** List of {@link dev.cantilever.row.Score}; a list of structs {@code source, label, value}. */
  SCORE_LIST(List.class);

  private final Class<?> javaType;

  ColumnType(Class<?> javaType) {
    this.javaType = javaType;
  }

  /** The class of a value of this type in a {@link RowValues}. */
  public Class<?> javaType() {
    return javaType;
  }
}
