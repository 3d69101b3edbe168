package dev.cantilever.codec;

import dev.cantilever.row.FloatSequence;
import dev.cantilever.row.IntSequence;
import dev.cantilever.row.SchemaException;
import dev.cantilever.row.Score;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.jspecify.annotations.Nullable;

/** The Arrow form of a column: its field, and its values as a vector. */
final class ArrowForm {

  /** Key of the row type's name in an Arrow schema's and a Parquet file's metadata. */
  static final String NAME_KEY = "cantilever.row";

  private static final ArrowType FLOAT = new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
  private static final ArrowType DOUBLE =
      new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);

  private ArrowForm() {}

  static Field field(Column column) {
    String name = column.name();
    return switch (column.type()) {
      case INT32 -> required(name, new ArrowType.Int(32, true));
      case INT64 -> required(name, new ArrowType.Int(64, true));
      case FLOAT32 -> required(name, FLOAT);
      case FLOAT64 -> required(name, DOUBLE);
      case STRING -> required(name, ArrowType.Utf8.INSTANCE);
      case INT32_LIST -> list(name, required("element", new ArrowType.Int(32, true)));
      case FLOAT32_LIST -> list(name, required("element", FLOAT));
      case SCORE_LIST ->
          list(
              name,
              required(
                  "element",
                  ArrowType.Struct.INSTANCE,
                  required("source", ArrowType.Utf8.INSTANCE),
                  required("label", ArrowType.Utf8.INSTANCE),
                  required("value", DOUBLE)));
    };
  }

  private static Field list(String name, Field element) {
    return required(name, ArrowType.List.INSTANCE, element);
  }

  private static Field required(String name, ArrowType type, Field... children) {
    return new Field(name, FieldType.notNullable(type), List.of(children));
  }

  /** Fills a vector with the values of one column, one per row. */
  static void write(Column column, FieldVector vector, List<?> values) {
    int rows = values.size();
    switch (column.type()) {
      case INT32 -> {
        IntVector ints = (IntVector) vector;
        ints.allocateNew(rows);
        for (int row = 0; row < rows; row++) {
          ints.set(row, (Integer) values.get(row));
        }
      }
      case INT64 -> {
        BigIntVector longs = (BigIntVector) vector;
        longs.allocateNew(rows);
        for (int row = 0; row < rows; row++) {
          longs.set(row, (Long) values.get(row));
        }
      }
      case FLOAT32 -> {
        Float4Vector floats = (Float4Vector) vector;
        floats.allocateNew(rows);
        for (int row = 0; row < rows; row++) {
          floats.set(row, (Float) values.get(row));
        }
      }
      case FLOAT64 -> writeDoubles((Float8Vector) vector, values, Double.class::cast);
      case STRING -> writeStrings(column, (VarCharVector) vector, values, String.class::cast);
      case INT32_LIST -> {
        ListVector list = (ListVector) vector;
        ListColumn.lay(list, offsets(values, value -> ((IntSequence) value).size()));
        ArrowBuf data = list.getDataVector().getDataBuffer();
        long at = 0;
        for (Object value : values) {
          IntSequence ints = (IntSequence) value;
          for (int i = 0; i < ints.size(); i++, at += Integer.BYTES) {
            data.setInt(at, ints.get(i));
          }
        }
      }
      case FLOAT32_LIST -> {
        ListVector list = (ListVector) vector;
        ListColumn.lay(list, offsets(values, value -> ((FloatSequence) value).size()));
        ArrowBuf data = list.getDataVector().getDataBuffer();
        long at = 0;
        for (Object value : values) {
          FloatSequence floats = (FloatSequence) value;
          for (int i = 0; i < floats.size(); i++, at += Float.BYTES) {
            data.setFloat(at, floats.get(i));
          }
        }
      }
      case SCORE_LIST -> writeScores(column, (ListVector) vector, values);
    }
    vector.setValueCount(rows);
  }

  private static void writeScores(Column column, ListVector list, List<?> values) {
    ListColumn.lay(list, offsets(values, value -> ((List<?>) value).size()));
    List<Score> scores = new ArrayList<>();
    for (Object value : values) {
      ((List<?>) value).forEach(score -> scores.add((Score) score));
    }
    StructVector struct = (StructVector) list.getDataVector();
    struct.setInitialCapacity(scores.size());
    struct.allocateNew();
    for (int i = 0; i < scores.size(); i++) {
      struct.setIndexDefined(i);
    }
    writeStrings(column, struct.getChild("source", VarCharVector.class), scores, Score::source);
    writeStrings(column, struct.getChild("label", VarCharVector.class), scores, Score::label);
    writeDoubles(struct.getChild("value", Float8Vector.class), scores, Score::value);
    struct.setValueCount(scores.size());
  }

  private static <V> void writeDoubles(
      Float8Vector vector, List<V> values, Function<? super V, Double> toDouble) {
    vector.allocateNew(values.size());
    for (int i = 0; i < values.size(); i++) {
      vector.set(i, toDouble.apply(values.get(i)));
    }
    vector.setValueCount(values.size());
  }

  private static <V> void writeStrings(
      Column column, VarCharVector vector, List<V> values, Function<? super V, String> toString) {
    List<byte[]> encoded = new ArrayList<>(values.size());
    long totalBytes = 0;
    for (V value : values) {
      byte[] bytes = Utf8.encode(column.name(), toString.apply(value));
      encoded.add(bytes);
      totalBytes += bytes.length;
    }
    vector.allocateNew(totalBytes, values.size());
    for (int i = 0; i < encoded.size(); i++) {
      vector.set(i, encoded.get(i));
    }
    vector.setValueCount(values.size());
  }

  private static int[] offsets(List<?> values, Function<Object, Integer> size) {
    int[] offsets = new int[values.size() + 1];
    for (int row = 0; row < values.size(); row++) {
      offsets[row + 1] = Math.addExact(offsets[row], size.apply(values.get(row)));
    }
    return offsets;
  }

  /** The values of a vector, one per row; null where the vector has none. */
  static List<@Nullable Object> read(Column column, FieldVector vector, int rows) {
    requireWholeElements(column, vector);
    List<@Nullable Object> values = new ArrayList<>(rows);
    for (int row = 0; row < rows; row++) {
      values.add(vector.isNull(row) ? null : value(column, vector, row));
    }
    return values;
  }

  private static Object value(Column column, FieldVector vector, int row) {
    return switch (column.type()) {
      case INT32 -> ((IntVector) vector).get(row);
      case INT64 -> ((BigIntVector) vector).get(row);
      case FLOAT32 -> ((Float4Vector) vector).get(row);
      case FLOAT64 -> ((Float8Vector) vector).get(row);
      case STRING -> Utf8.decode(column.name(), ((VarCharVector) vector).get(row));
      case INT32_LIST -> {
        ListVector list = (ListVector) vector;
        ArrowBuf data = list.getDataVector().getDataBuffer();
        int[] ints = new int[list.getElementEndIndex(row) - list.getElementStartIndex(row)];
        long start = (long) list.getElementStartIndex(row) * Integer.BYTES;
        for (int i = 0; i < ints.length; i++) {
          ints[i] = data.getInt(start + (long) i * Integer.BYTES);
        }
        yield IntSequence.of(ints);
      }
      case FLOAT32_LIST -> {
        ListVector list = (ListVector) vector;
        ArrowBuf data = list.getDataVector().getDataBuffer();
        float[] floats = new float[list.getElementEndIndex(row) - list.getElementStartIndex(row)];
        long start = (long) list.getElementStartIndex(row) * Float.BYTES;
        for (int i = 0; i < floats.length; i++) {
          floats[i] = data.getFloat(start + (long) i * Float.BYTES);
        }
        yield FloatSequence.of(floats);
      }
      case SCORE_LIST -> {
        ListVector list = (ListVector) vector;
        StructVector struct = (StructVector) list.getDataVector();
        VarCharVector source = struct.getChild("source", VarCharVector.class);
        VarCharVector label = struct.getChild("label", VarCharVector.class);
        Float8Vector score = struct.getChild("value", Float8Vector.class);
        List<Score> scores = new ArrayList<>();
        for (int i = list.getElementStartIndex(row); i < list.getElementEndIndex(row); i++) {
          scores.add(
              new Score(
                  Utf8.decode(column.name(), source.get(i)),
                  Utf8.decode(column.name(), label.get(i)),
                  score.get(i)));
        }
        yield List.copyOf(scores);
      }
    };
  }

  private static void requireWholeElements(Column column, FieldVector vector) {
    if (vector instanceof ListVector list && list.getDataVector().getNullCount() > 0) {
      throw new SchemaException(
          "Column '"
              + column.name()
              + "': expected lists without nulls, found "
              + list.getDataVector().getNullCount()
              + ". Write a value for every element.");
    }
  }
}
