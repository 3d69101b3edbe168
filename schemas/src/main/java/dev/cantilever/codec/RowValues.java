package dev.cantilever.codec;

import dev.cantilever.row.FloatSequence;
import dev.cantilever.row.IntSequence;
import dev.cantilever.row.SchemaException;
import dev.cantilever.row.Score;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One row taken apart: a value of the right class for every column of its {@link RowType}.
 * Immutable; what every form is translated from and to.
 */
public final class RowValues {

  private final RowType type;
  private final Object[] values;

  /**
   * Creates a row; keeps a copy of the array.
   *
   * @param values one per column, each of its {@link ColumnType#javaType()}
   * @throws SchemaException if a value is missing or of another class
   */
  public RowValues(RowType type, @Nullable Object... values) {
    if (values.length != type.size()) {
      throw new SchemaException(
          String.format(
              "'%s': expected %d values, found %d. Give one per column.",
              type.name(), type.size(), values.length));
    }
    this.type = type;
    this.values = new Object[values.length];
    for (int i = 0; i < values.length; i++) {
      this.values[i] = checked(type, type.columns().get(i), values[i]);
    }
  }

  private static Object checked(RowType type, Column column, @Nullable Object value) {
    if (value == null || !column.type().javaType().isInstance(value)) {
      throw new SchemaException(
          String.format(
              "'%s': expected %s in column '%s', found %s. Give every row a value there.",
              type.name(),
              column.type(),
              column.name(),
              value == null ? "no value" : value.getClass().getSimpleName()));
    }
    if (column.type() != ColumnType.SCORE_LIST) {
      return value;
    }
    List<?> list = List.copyOf((List<?>) value);
    for (Object element : list) {
      if (!(element instanceof Score)) {
        throw new SchemaException(
            String.format(
                "'%s': expected scores in column '%s', found %s. Give a list of Score.",
                type.name(), column.name(), element.getClass().getSimpleName()));
      }
    }
    return list;
  }

  /** What kind of row this is. */
  public RowType type() {
    return type;
  }

  /** The value in a column, by position. */
  public Object get(int position) {
    return values[position];
  }

  /** The value of an int32 column. */
  public int int32(String column) {
    return (Integer) of(column, ColumnType.INT32);
  }

  /** The value of an int64 column. */
  public long int64(String column) {
    return (Long) of(column, ColumnType.INT64);
  }

  /** The value of a float32 column. */
  public float float32(String column) {
    return (Float) of(column, ColumnType.FLOAT32);
  }

  /** The value of a float64 column. */
  public double float64(String column) {
    return (Double) of(column, ColumnType.FLOAT64);
  }

  /** The value of a string column. */
  public String string(String column) {
    return (String) of(column, ColumnType.STRING);
  }

  /**
   * The enum constant that a string column names in lower case.
   *
   * @throws SchemaException if there is no such constant, listing those there are
   */
  public <E extends Enum<E>> E enumeration(String column, Class<E> constants) {
    String name = string(column);
    for (E constant : constants.getEnumConstants()) {
      if (nameOf(constant).equals(name)) {
        return constant;
      }
    }
    throw new SchemaException(
        String.format(
            "'%s': expected one of %s in column '%s', found '%s'. Write one of these.",
            type.name(),
            Arrays.stream(constants.getEnumConstants()).map(RowValues::nameOf).toList(),
            column,
            name));
  }

  /** The value of a list-of-int32 column. */
  public IntSequence int32List(String column) {
    return (IntSequence) of(column, ColumnType.INT32_LIST);
  }

  /** The value of a list-of-float32 column. */
  public FloatSequence float32List(String column) {
    return (FloatSequence) of(column, ColumnType.FLOAT32_LIST);
  }

  /** The value of a scores column. */
  public List<Score> scores(String column) {
    return ((List<?>) of(column, ColumnType.SCORE_LIST)).stream().map(Score.class::cast).toList();
  }

  static String nameOf(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private Object of(String column, ColumnType expected) {
    int position = type.position(column);
    ColumnType found = type.columns().get(position).type();
    if (found != expected) {
      throw new SchemaException(
          String.format(
              "'%s': column '%s' was asked for as %s but holds %s. Use the getter of its type.",
              type.name(), column, expected, found));
    }
    return values[position];
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RowValues that
        && type.equals(that.type)
        && Arrays.equals(values, that.values);
  }

  @Override
  public int hashCode() {
    return 31 * type.hashCode() + Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return type.name() + Arrays.toString(values);
  }
}
