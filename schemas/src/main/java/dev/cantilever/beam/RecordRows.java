package dev.cantilever.beam;

import dev.cantilever.codec.Column;
import dev.cantilever.codec.RecordSchema;
import dev.cantilever.codec.RowValues;
import dev.cantilever.row.FloatSequence;
import dev.cantilever.row.IntSequence;
import dev.cantilever.row.SchemaException;
import dev.cantilever.row.Score;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.jspecify.annotations.Nullable;

/**
 * The Beam form of a record: its {@link Schema}, and records to {@link Row}s and back.
 *
 * <p>A row keeps all bits of a float; Beam's own coder of rows, which a collection of records uses,
 * keeps all but those of a NaN, which becomes the one NaN of {@link Float#floatToIntBits}.
 */
public final class RecordRows {

  private static final Schema SCORE =
      Schema.of(
          Schema.Field.of("source", Schema.FieldType.STRING),
          Schema.Field.of("label", Schema.FieldType.STRING),
          Schema.Field.of("value", Schema.FieldType.DOUBLE));

  private RecordRows() {}

  /** The Beam schema of a record; no field is nullable. */
  public static Schema schema(RecordSchema<?> schema) {
    Schema.Builder builder = Schema.builder();
    for (Column column : schema.rowType().columns()) {
      builder.addField(column.name(), fieldType(column));
    }
    return builder.build();
  }

  private static Schema.FieldType fieldType(Column column) {
    return switch (column.type()) {
      case INT32 -> Schema.FieldType.INT32;
      case INT64 -> Schema.FieldType.INT64;
      case FLOAT32 -> Schema.FieldType.FLOAT;
      case FLOAT64 -> Schema.FieldType.DOUBLE;
      case STRING -> Schema.FieldType.STRING;
      case INT32_LIST -> Schema.FieldType.array(Schema.FieldType.INT32);
      case FLOAT32_LIST -> Schema.FieldType.array(Schema.FieldType.FLOAT);
      case SCORE_LIST -> Schema.FieldType.array(Schema.FieldType.row(SCORE));
    };
  }

  /** A record as a row of {@code schema(schema)}. */
  public static <T> Row toRow(RecordSchema<T> schema, Schema beamSchema, T record) {
    RowValues values = schema.takeApart(record);
    List<Object> fields = new ArrayList<>();
    for (int i = 0; i < schema.rowType().size(); i++) {
      fields.add(toField(schema.rowType().columns().get(i), values.get(i)));
    }
    return Row.withSchema(beamSchema).addValues(fields).build();
  }

  private static Object toField(Column column, Object value) {
    return switch (column.type()) {
      case INT32, INT64, FLOAT32, FLOAT64, STRING -> value;
      case INT32_LIST -> ((IntSequence) value).asList();
      case FLOAT32_LIST -> ((FloatSequence) value).asList();
      case SCORE_LIST ->
          ((List<?>) value)
              .stream()
                  .map(Score.class::cast)
                  .map(
                      score ->
                          Row.withSchema(SCORE)
                              .addValues(score.source(), score.label(), score.value())
                              .build())
                  .toList();
    };
  }

  /**
   * The record of a row.
   *
   * @throws SchemaException if the row lacks a field or a value, or the record refuses one
   */
  public static <T> T fromRow(RecordSchema<T> schema, Row row) {
    @Nullable Object[] values = new @Nullable Object[schema.rowType().size()];
    for (int i = 0; i < values.length; i++) {
      Column column = schema.rowType().columns().get(i);
      if (!row.getSchema().hasField(column.name())) {
        throw new SchemaException(
            "Expected a row of '"
                + schema.name()
                + "' with a field '"
                + column.name()
                + "', found only "
                + row.getSchema().getFieldNames()
                + ". Select that field too.");
      }
      Object field = row.getValue(column.name());
      values[i] = field == null ? null : fromField(column, field);
    }
    return schema.assemble(new RowValues(schema.rowType(), values));
  }

  @SuppressWarnings("unchecked") // The row's own schema vouches for its elements.
  private static Object fromField(Column column, Object field) {
    return switch (column.type()) {
      case INT32, INT64, FLOAT32, FLOAT64, STRING -> field;
      case INT32_LIST -> IntSequence.copyOf((Collection<Integer>) field);
      case FLOAT32_LIST -> FloatSequence.copyOf((Collection<Float>) field);
      case SCORE_LIST -> ((Collection<Row>) field).stream().map(RecordRows::score).toList();
    };
  }

  private static Score score(Row row) {
    String source = row.getString("source");
    String label = row.getString("label");
    Double value = row.getDouble("value");
    if (source == null || label == null || value == null) {
      throw new SchemaException(
          "Expected a score with source, label and value, found " + row + ". Give every part.");
    }
    return new Score(source, label, value);
  }
}
