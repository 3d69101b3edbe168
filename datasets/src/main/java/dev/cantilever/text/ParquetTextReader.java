package dev.cantilever.text;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;

/** Reads the wanted top-level columns of any Parquet file, one row group at a time. */
final class ParquetTextReader {

  private final TextShard shard;
  private final TextColumns columns;
  private final ItemSink sink;

  ParquetTextReader(TextShard shard, Consumer<? super TextItem> sink) {
    this.shard = shard;
    this.columns = shard.columns();
    this.sink = new ItemSink(sink);
  }

  void read() throws IOException {
    if (!Files.exists(shard.path())) {
      throw new DatasetException(
          shard.file(), "a file", "nothing there", "Check the path and its spelling");
    }
    try (ParquetFileReader file = parquet(this::open)) {
      MessageType schema = file.getFileMetaData().getSchema();
      MessageType wanted = projection(schema);
      file.setRequestedSchema(wanted);
      MessageColumnIO columnIo = new ColumnIOFactory().getColumnIO(wanted, schema);
      long row = 0;
      for (var pages = nextPages(file); pages.isPresent(); pages = nextPages(file)) {
        RecordReader<Group> rows =
            columnIo.getRecordReader(pages.get(), new GroupRecordConverter(wanted));
        for (long i = 0; i < pages.get().getRowCount(); i++) {
          row++;
          row(parquet(rows::read), row);
        }
      }
    }
  }

  private ParquetFileReader open() throws IOException {
    ParquetReadOptions options =
        ParquetReadOptions.builder(new PlainParquetConfiguration()).build();
    return ParquetFileReader.open(new LocalInputFile(shard.path()), options);
  }

  private Optional<PageReadStore> nextPages(ParquetFileReader file) throws IOException {
    return parquet(() -> Optional.ofNullable(file.readNextRowGroup()));
  }

  private MessageType projection(MessageType schema) {
    Type text = column(schema, columns.text());
    if (!text.isPrimitive()
        || text.isRepetition(Type.Repetition.REPEATED)
        || text.asPrimitiveType().getPrimitiveTypeName() != PrimitiveTypeName.BINARY) {
      throw new DatasetException(
          shard.file(),
          "column '" + columns.text() + "' to be a string",
          text.toString(),
          "Name the column that holds the text");
    }
    Set<Type> wanted = new LinkedHashSet<>();
    wanted.add(text);
    if (columns.hasId()) {
      wanted.add(scalar(column(schema, columns.id())));
    }
    for (String name : columns.attributes()) {
      if (schema.containsField(name)) {
        wanted.add(scalar(schema.getType(name)));
      }
    }
    return new MessageType(schema.getName(), new ArrayList<>(wanted));
  }

  private Type column(MessageType schema, String name) {
    if (!schema.containsField(name)) {
      List<String> names = schema.getFields().stream().map(Type::getName).toList();
      throw new DatasetException(
          shard.file(),
          "a column '" + name + "'",
          "the columns " + names,
          "Name one of the columns that exist");
    }
    return schema.getType(name);
  }

  private Type scalar(Type type) {
    if (!type.isPrimitive() || type.isRepetition(Type.Repetition.REPEATED)) {
      throw new DatasetException(
          shard.file(),
          "column '" + type.getName() + "' to hold one value per row",
          type.toString(),
          "Leave the column out");
    }
    return type;
  }

  private void row(Group group, long row) {
    if (group.getFieldRepetitionCount(columns.text()) == 0) {
      String detail = "expected text in '" + columns.text() + "', found null";
      sink.bad(shard.source(), row, BadRow.Reason.MISSING_TEXT, detail, "");
      return;
    }
    byte[] bytes = group.getBinary(columns.text(), 0).getBytes();
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      String raw = new String(bytes, StandardCharsets.UTF_8);
      String detail = "expected UTF-8, found bytes that are not (" + e.getMessage() + ")";
      sink.bad(shard.source(), row, BadRow.Reason.INVALID_UTF8, detail, raw);
      return;
    }
    if (text.length() > TextShard.MAX_ROW_CHARS) {
      String detail = "expected at most " + TextShard.MAX_ROW_CHARS + " characters, found more";
      sink.bad(shard.source(), row, BadRow.Reason.TOO_LONG, detail, text);
      return;
    }
    Optional<String> id =
        columns.hasId()
            ? value(group, columns.id())
            : Optional.of(ItemSink.madeId(shard.source(), row));
    if (id.isEmpty()) {
      String detail = "expected an id in '" + columns.id() + "', found null";
      sink.bad(shard.source(), row, BadRow.Reason.MISSING_ID, detail, text);
      return;
    }
    Map<String, String> attributes = new HashMap<>();
    for (String name : columns.attributes()) {
      value(group, name).ifPresent(value -> attributes.put(name, value));
    }
    sink.document(shard.source(), row, id.get(), text, attributes, text);
  }

  private static Optional<String> value(Group group, String name) {
    if (!group.getType().containsField(name) || group.getFieldRepetitionCount(name) == 0) {
      return Optional.empty();
    }
    return Optional.of(group.getValueToString(group.getType().getFieldIndex(name), 0));
  }

  private interface ParquetCall<T> {
    T run() throws IOException;
  }

  /** Runs a call of the Parquet library, which reports damaged files by unchecked exceptions. */
  private <T> T parquet(ParquetCall<T> call) throws IOException {
    try {
      return call.run();
    } catch (EOFException | RuntimeException e) {
      throw new DatasetException(
          shard.file(),
          "a whole Parquet file, not compressed as a whole",
          "data that cannot be read as one (" + e.getMessage() + ")",
          "Fetch or write the file again",
          e);
    }
  }
}
