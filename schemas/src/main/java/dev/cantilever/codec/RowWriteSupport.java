package dev.cantilever.codec;

import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.conf.ParquetConfiguration;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.io.api.RecordConsumer;
import org.jspecify.annotations.Nullable;

/** Hands rows to Parquet, column by column. */
final class RowWriteSupport extends WriteSupport<RowValues> {

  private final RowType type;
  private @Nullable RecordConsumer consumer;

  RowWriteSupport(RowType type) {
    this.type = type;
  }

  @Override
  @SuppressWarnings("deprecation") // Parquet still declares it abstract.
  public WriteContext init(Configuration configuration) {
    return context();
  }

  @Override
  public WriteContext init(ParquetConfiguration configuration) {
    return context();
  }

  private WriteContext context() {
    return new WriteContext(type.parquetSchema(), Map.of(ArrowForm.NAME_KEY, type.name()));
  }

  @Override
  public void prepareForWrite(RecordConsumer recordConsumer) {
    consumer = recordConsumer;
  }

  @Override
  public void write(RowValues row) {
    RecordConsumer out = consumer;
    if (out == null) {
      throw new IllegalStateException("Parquet wrote a row before it prepared to write");
    }
    out.startMessage();
    for (int i = 0; i < type.size(); i++) {
      Column column = type.columns().get(i);
      out.startField(column.name(), i);
      ParquetForm.write(out, column, row.get(i));
      out.endField(column.name(), i);
    }
    out.endMessage();
  }
}
