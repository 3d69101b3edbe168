package dev.cantilever.codec;

import dev.cantilever.row.SchemaException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.conf.ParquetConfiguration;
import org.apache.parquet.hadoop.api.InitContext;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.io.api.RecordMaterializer;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/** Asks Parquet for a row type's columns and no others, and takes its values as rows. */
final class RowReadSupport extends ReadSupport<RowValues> {

  private final RowType type;

  RowReadSupport(RowType type) {
    this.type = type;
  }

  @Override
  public ReadContext init(InitContext context) {
    MessageType file = context.getFileSchema();
    List<Type> requested = new ArrayList<>();
    for (Column column : type.columns()) {
      Type expected = ParquetForm.type(column);
      if (!file.containsField(column.name())) {
        throw new SchemaException(
            "expected a column '"
                + expected
                + "' of '"
                + type.name()
                + "', found only "
                + file.getFields().stream().map(Type::getName).toList()
                + ". Name a file that has it.");
      }
      Type found = file.getType(column.name());
      if (!ParquetForm.accepts(expected, found)) {
        throw new SchemaException(
            "expected a column '"
                + expected
                + "' of '"
                + type.name()
                + "', found '"
                + found
                + "'. Write the file again with that type.");
      }
      requested.add(found);
    }
    return new ReadContext(new MessageType(file.getName(), requested));
  }

  @Override
  @SuppressWarnings("deprecation") // Parquet still declares it abstract.
  public RecordMaterializer<RowValues> prepareForRead(
      Configuration configuration,
      Map<String, String> metadata,
      MessageType fileSchema,
      ReadContext context) {
    return new RowMaterializer(type);
  }

  @Override
  public RecordMaterializer<RowValues> prepareForRead(
      ParquetConfiguration configuration,
      Map<String, String> metadata,
      MessageType fileSchema,
      ReadContext context) {
    return new RowMaterializer(type);
  }
}
