package dev.cantilever.codec;

import dev.cantilever.row.FloatSequence;
import dev.cantilever.row.IntSequence;
import dev.cantilever.row.SchemaException;
import dev.cantilever.row.Score;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.io.api.RecordMaterializer;
import org.jspecify.annotations.Nullable;

/** Collects what Parquet reads of one row, column by column. */
final class RowMaterializer extends RecordMaterializer<RowValues> {

  private final RowType type;
  private final @Nullable Object[] values;
  private final Group root;

  RowMaterializer(RowType type) {
    this.type = type;
    this.values = new @Nullable Object[type.size()];
    Converter[] converters = new Converter[type.size()];
    for (int i = 0; i < converters.length; i++) {
      int position = i;
      converters[i] = converter(type.columns().get(i), value -> values[position] = value);
    }
    this.root = new Group(() -> Arrays.fill(values, null), () -> {}, converters);
  }

  @Override
  public RowValues getCurrentRecord() {
    return new RowValues(type, values);
  }

  @Override
  public GroupConverter getRootConverter() {
    return root;
  }

  private static Converter converter(Column column, Consumer<Object> target) {
    return switch (column.type()) {
      case INT32, INT64, FLOAT32, FLOAT64, STRING -> new Scalar(column.name(), target);
      case INT32_LIST -> {
        IntSequence.Builder ints = IntSequence.builder();
        yield list(
            column,
            ints::clear,
            new Scalar(column.name(), value -> ints.add((Integer) value)),
            ints::size,
            () -> target.accept(ints.build()));
      }
      case FLOAT32_LIST -> {
        FloatSequence.Builder floats = FloatSequence.builder();
        yield list(
            column,
            floats::clear,
            new Scalar(column.name(), value -> floats.add((Float) value)),
            floats::size,
            () -> target.accept(floats.build()));
      }
      case SCORE_LIST -> {
        List<Score> scores = new ArrayList<>();
        yield list(
            column,
            scores::clear,
            score(column, scores::add),
            scores::size,
            () -> target.accept(List.copyOf(scores)));
      }
    };
  }

  private static Converter score(Column column, Consumer<Score> target) {
    @Nullable Object[] parts = new @Nullable Object[3];
    return new Group(
        () -> Arrays.fill(parts, null),
        () -> {
          if (parts[0] instanceof String source
              && parts[1] instanceof String label
              && parts[2] instanceof Double value) {
            target.accept(new Score(source, label, value));
          } else {
            throw new SchemaException(
                "column '"
                    + column.name()
                    + "': expected scores with source, label and value, found one that lacks a"
                    + " part. Write every part.");
          }
        },
        new Scalar(column.name(), value -> parts[0] = value),
        new Scalar(column.name(), value -> parts[1] = value),
        new Scalar(column.name(), value -> parts[2] = value));
  }

  /** A list's outer group, which holds a repeated group, which holds the element. */
  private static Converter list(
      Column column, Runnable clear, Converter element, Supplier<Integer> size, Runnable finish) {
    int[] before = new int[1];
    Converter repeated =
        new Group(
            () -> before[0] = size.get(),
            () -> {
              if (size.get() != before[0] + 1) {
                throw new SchemaException(
                    "column '"
                        + column.name()
                        + "': expected lists without nulls, found one."
                        + " Write a value for every element.");
              }
            },
            element);
    return new Group(clear, finish, repeated);
  }

  private static final class Group extends GroupConverter {

    private final Runnable onStart;
    private final Runnable onEnd;
    private final Converter[] fields;

    Group(Runnable onStart, Runnable onEnd, Converter... fields) {
      this.onStart = onStart;
      this.onEnd = onEnd;
      this.fields = fields;
    }

    @Override
    public Converter getConverter(int field) {
      return fields[field];
    }

    @Override
    public void start() {
      onStart.run();
    }

    @Override
    public void end() {
      onEnd.run();
    }
  }

  private static final class Scalar extends PrimitiveConverter {

    private final String column;
    private final Consumer<Object> target;

    Scalar(String column, Consumer<Object> target) {
      this.column = column;
      this.target = target;
    }

    @Override
    public void addInt(int value) {
      target.accept(value);
    }

    @Override
    public void addLong(long value) {
      target.accept(value);
    }

    @Override
    public void addFloat(float value) {
      target.accept(value);
    }

    @Override
    public void addDouble(double value) {
      target.accept(value);
    }

    @Override
    public void addBinary(Binary value) {
      target.accept(Utf8.decode(column, value.getBytes()));
    }
  }
}
