package dev.cantilever.beam;

import dev.cantilever.codec.RecordSchema;
import dev.cantilever.codec.Schemas;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.SchemaProvider;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptor;
import org.jspecify.annotations.Nullable;

/**
 * Makes the records of {@link Schemas} schema types. Every pipeline finds it by {@link
 * RecordSchemaRegistrar}; a record outside the catalogue takes {@link #setSchema}.
 */
public final class RecordSchemaProvider implements SchemaProvider {

  private static final long serialVersionUID = 1L;

  /** Gives a collection the schema of its records, and so its coder. */
  public static <T> PCollection<T> setSchema(PCollection<T> records, RecordSchema<T> schema) {
    return records.setSchema(
        RecordRows.schema(schema),
        TypeDescriptor.of(schema.recordType()),
        toRow(schema),
        row -> RecordRows.fromRow(schema, row));
  }

  private static <T> SerializableFunction<T, Row> toRow(RecordSchema<T> schema) {
    Schema beamSchema = RecordRows.schema(schema);
    return record -> RecordRows.toRow(schema, beamSchema, record);
  }

  // Beam's contract is null for a type that the provider does not know.

  @Override
  public <T> @Nullable Schema schemaFor(TypeDescriptor<T> type) {
    return Schemas.of(type.getRawType()).map(RecordRows::schema).orElse(null);
  }

  @Override
  public <T> @Nullable SerializableFunction<T, Row> toRowFunction(TypeDescriptor<T> type) {
    RecordSchema<T> schema = Schemas.<T>of(type.getRawType()).orElse(null);
    return schema == null ? null : toRow(schema);
  }

  @Override
  public <T> @Nullable SerializableFunction<Row, T> fromRowFunction(TypeDescriptor<T> type) {
    RecordSchema<T> schema = Schemas.<T>of(type.getRawType()).orElse(null);
    return schema == null ? null : row -> RecordRows.fromRow(schema, row);
  }
}
