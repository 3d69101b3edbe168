package dev.cantilever.codec;

import dev.cantilever.row.FloatSequence;
import dev.cantilever.row.IntSequence;
import dev.cantilever.row.SchemaException;
import dev.cantilever.row.Score;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * The one definition of a record: its columns, how to read each from a record, and how to make a
 * record of them. Its Arrow, Parquet and Beam forms follow. Immutable and serializable, so that a
 * transform may hold one.
 *
 * @param <T> the record
 */
public final class RecordSchema<T> implements Serializable {

  private static final long serialVersionUID = 1L;

  /** A function that travels with a transform to its workers. */
  public interface Step<A, B> extends Function<A, B>, Serializable {}

  private final Class<T> recordType;
  private final RowType rowType;
  private final ArrayList<Step<T, ?>> getters;
  private final Step<RowValues, T> assemble;

  private RecordSchema(Builder<T> builder, Step<RowValues, T> assemble) {
    this.recordType = builder.recordType;
    this.rowType = new RowType(builder.name, builder.columns);
    this.getters = new ArrayList<>(builder.getters);
    this.assemble = assemble;
  }

  /** Begins a definition; columns follow in the order of their calls. */
  public static <T> Builder<T> named(String name, Class<T> recordType) {
    return new Builder<>(name, recordType);
  }

  /** The name of the kind of row, such as {@code rollout}. */
  public String name() {
    return rowType.name();
  }

  /** The class of the record. */
  public Class<T> recordType() {
    return recordType;
  }

  /** The columns, from which the forms follow. */
  public RowType rowType() {
    return rowType;
  }

  /** The record's values in the order of the columns. */
  public RowValues takeApart(T record) {
    Object[] values = new Object[getters.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = getters.get(i).apply(record);
    }
    return new RowValues(rowType, values);
  }

  /**
   * The record of these values.
   *
   * @throws SchemaException if they are another kind of row's, or the record refuses them
   */
  public T assemble(RowValues values) {
    if (!values.type().equals(rowType)) {
      throw new SchemaException(
          "Expected a row of " + rowType + ", found " + values.type() + ". Use that row's schema.");
    }
    return assemble.apply(values);
  }

  @Override
  public String toString() {
    return "RecordSchema[" + rowType + "]";
  }

  /** Collects the columns of a definition. */
  public static final class Builder<T> {

    private final String name;
    private final Class<T> recordType;
    private final List<Column> columns = new ArrayList<>();
    private final List<Step<T, ?>> getters = new ArrayList<>();

    private Builder(String name, Class<T> recordType) {
      this.name = name;
      this.recordType = recordType;
    }

    /** Adds an int32 column. */
    public Builder<T> int32(String column, Step<T, Integer> getter) {
      return add(column, ColumnType.INT32, getter);
    }

    /** Adds an int64 column. */
    public Builder<T> int64(String column, Step<T, Long> getter) {
      return add(column, ColumnType.INT64, getter);
    }

    /** Adds a float32 column. */
    public Builder<T> float32(String column, Step<T, Float> getter) {
      return add(column, ColumnType.FLOAT32, getter);
    }

    /** Adds a float64 column. */
    public Builder<T> float64(String column, Step<T, Double> getter) {
      return add(column, ColumnType.FLOAT64, getter);
    }

    /** Adds a string column. */
    public Builder<T> string(String column, Step<T, String> getter) {
      return add(column, ColumnType.STRING, getter);
    }

    /** Adds a string column that holds an enum constant's name in lower case. */
    public Builder<T> enumeration(String column, Step<T, ? extends Enum<?>> getter) {
      return string(column, record -> RowValues.nameOf(getter.apply(record)));
    }

    /** Adds a list-of-int32 column. */
    public Builder<T> int32List(String column, Step<T, IntSequence> getter) {
      return add(column, ColumnType.INT32_LIST, getter);
    }

    /** Adds a list-of-float32 column. */
    public Builder<T> float32List(String column, Step<T, FloatSequence> getter) {
      return add(column, ColumnType.FLOAT32_LIST, getter);
    }

    /** Adds a scores column. */
    public Builder<T> scores(String column, Step<T, List<Score>> getter) {
      return add(column, ColumnType.SCORE_LIST, getter);
    }

    /** Ends the definition with the way back from columns to a record. */
    public RecordSchema<T> assembledBy(Step<RowValues, T> assemble) {
      return new RecordSchema<>(this, assemble);
    }

    private Builder<T> add(String column, ColumnType type, Step<T, ?> getter) {
      columns.add(new Column(column, type));
      getters.add(getter);
      return this;
    }
  }
}
