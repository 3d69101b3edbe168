package dev.cantilever.codec;

import dev.cantilever.row.FloatSequence;
import dev.cantilever.row.IntSequence;
import dev.cantilever.row.Score;
import java.util.List;
import java.util.function.IntConsumer;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.jspecify.annotations.Nullable;

/**
 * The Parquet form of a column: its type, and how a value is written. Lists have the three levels
 * of the format's LogicalTypes page: {@code required group NAME (LIST) { repeated group list {
 * required TYPE element; } }}.
 */
final class ParquetForm {

  private ParquetForm() {}

  static Type type(Column column) {
    String name = column.name();
    return switch (column.type()) {
      case INT32 -> Types.required(PrimitiveTypeName.INT32).named(name);
      case INT64 -> Types.required(PrimitiveTypeName.INT64).named(name);
      case FLOAT32 -> Types.required(PrimitiveTypeName.FLOAT).named(name);
      case FLOAT64 -> Types.required(PrimitiveTypeName.DOUBLE).named(name);
      case STRING -> string(name);
      case INT32_LIST -> list(name, Types.required(PrimitiveTypeName.INT32).named("element"));
      case FLOAT32_LIST -> list(name, Types.required(PrimitiveTypeName.FLOAT).named("element"));
      case SCORE_LIST ->
          list(
              name,
              new GroupType(
                  Type.Repetition.REQUIRED,
                  "element",
                  string("source"),
                  string("label"),
                  Types.required(PrimitiveTypeName.DOUBLE).named("value")));
    };
  }

  private static Type string(String name) {
    return Types.required(PrimitiveTypeName.BINARY)
        .as(LogicalTypeAnnotation.stringType())
        .named(name);
  }

  private static Type list(String name, Type element) {
    return Types.buildGroup(Type.Repetition.REQUIRED)
        .as(LogicalTypeAnnotation.listType())
        .addField(new GroupType(Type.Repetition.REPEATED, "list", element))
        .named(name);
  }

  /** Whether a file's column can be read as ours; nullability and names inside lists may differ. */
  static boolean accepts(Type expected, Type found) {
    if (expected.isPrimitive() != found.isPrimitive()) {
      return false;
    }
    if (expected.isPrimitive()) {
      PrimitiveType expectedType = expected.asPrimitiveType();
      PrimitiveType foundType = found.asPrimitiveType();
      return !found.isRepetition(Type.Repetition.REPEATED)
          && expectedType.getPrimitiveTypeName() == foundType.getPrimitiveTypeName()
          && acceptsMeaning(expectedType, foundType.getLogicalTypeAnnotation());
    }
    List<Type> expectedFields = expected.asGroupType().getFields();
    List<Type> foundFields = found.asGroupType().getFields();
    boolean list = expected.getLogicalTypeAnnotation() != null;
    if (expectedFields.size() != foundFields.size()
        || list != (found.getLogicalTypeAnnotation() != null)) {
      return false;
    }
    if (list) {
      return found.getLogicalTypeAnnotation().equals(LogicalTypeAnnotation.listType())
          && acceptsElement(expectedFields.get(0), foundFields.get(0));
    }
    for (int i = 0; i < expectedFields.size(); i++) {
      if (!expectedFields.get(i).getName().equals(foundFields.get(i).getName())
          || !accepts(expectedFields.get(i), foundFields.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean acceptsElement(Type expected, Type found) {
    return found.isRepetition(Type.Repetition.REPEATED)
        && !found.isPrimitive()
        && found.asGroupType().getFieldCount() == 1
        && accepts(expected.asGroupType().getType(0), found.asGroupType().getType(0));
  }

  private static boolean acceptsMeaning(
      PrimitiveType expected, @Nullable LogicalTypeAnnotation found) {
    return switch (expected.getPrimitiveTypeName()) {
      case BINARY ->
          LogicalTypeAnnotation.stringType().equals(found)
              || LogicalTypeAnnotation.enumType().equals(found)
              || LogicalTypeAnnotation.jsonType().equals(found);
      case INT32 -> found == null || LogicalTypeAnnotation.intType(32, true).equals(found);
      case INT64 -> found == null || LogicalTypeAnnotation.intType(64, true).equals(found);
      default -> found == null;
    };
  }

  /** Writes one value; the caller has started the column's field. */
  static void write(RecordConsumer out, Column column, Object value) {
    switch (column.type()) {
      case INT32 -> out.addInteger((Integer) value);
      case INT64 -> out.addLong((Long) value);
      case FLOAT32 -> out.addFloat((Float) value);
      case FLOAT64 -> out.addDouble((Double) value);
      case STRING -> writeString(out, column, (String) value);
      case INT32_LIST -> {
        IntSequence ints = (IntSequence) value;
        writeList(out, ints.size(), i -> out.addInteger(ints.get(i)));
      }
      case FLOAT32_LIST -> {
        FloatSequence floats = (FloatSequence) value;
        writeList(out, floats.size(), i -> out.addFloat(floats.get(i)));
      }
      case SCORE_LIST -> {
        List<?> scores = (List<?>) value;
        writeList(out, scores.size(), i -> writeScore(out, column, (Score) scores.get(i)));
      }
    }
  }

  private static void writeList(RecordConsumer out, int size, IntConsumer writeElement) {
    out.startGroup();
    if (size > 0) {
      out.startField("list", 0);
      for (int i = 0; i < size; i++) {
        out.startGroup();
        out.startField("element", 0);
        writeElement.accept(i);
        out.endField("element", 0);
        out.endGroup();
      }
      out.endField("list", 0);
    }
    out.endGroup();
  }

  private static void writeScore(RecordConsumer out, Column column, Score score) {
    out.startGroup();
    out.startField("source", 0);
    writeString(out, column, score.source());
    out.endField("source", 0);
    out.startField("label", 1);
    writeString(out, column, score.label());
    out.endField("label", 1);
    out.startField("value", 2);
    out.addDouble(score.value());
    out.endField("value", 2);
    out.endGroup();
  }

  private static void writeString(RecordConsumer out, Column column, String text) {
    out.addBinary(Binary.fromConstantByteArray(Utf8.encode(column.name(), text)));
  }
}
