package dev.cantilever.text;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.jspecify.annotations.Nullable;

/**
 * Reads comma-separated values whose first record names the columns. A record with another number
 * of fields than the first is malformed: an unquoted comma would otherwise cut a text short.
 */
final class CsvReader {

  private static final CSVFormat FORMAT = CSVFormat.RFC4180;

  private final TextShard shard;
  private final TextColumns columns;
  private final ItemSink sink;

  CsvReader(TextShard shard, Consumer<? super TextItem> sink) {
    this.shard = shard;
    this.columns = shard.columns();
    this.sink = new ItemSink(sink);
  }

  void read() throws IOException {
    Compression.<Boolean>read(
        shard.path(),
        bytes -> {
          CsvRecordReader records =
              new CsvRecordReader(Utf8.reader(bytes), TextShard.MAX_ROW_CHARS);
          Optional<CsvRecordReader.RawRecord> first = records.next();
          if (first.isPresent()) {
            List<String> header = header(first.get());
            for (var raw = records.next(); raw.isPresent(); raw = records.next()) {
              row(raw.get(), header);
            }
          }
          return true;
        });
  }

  private List<String> header(CsvRecordReader.RawRecord raw) {
    List<String> names;
    try {
      names = fields(raw.text());
    } catch (IOException e) {
      throw headerProblem("broken CSV (" + e.getMessage() + ")", "Repair the first record", e);
    }
    if (!names.contains(columns.text()) || (columns.hasId() && !names.contains(columns.id()))) {
      throw headerProblem("the columns " + names, "Name the column that holds it", null);
    }
    if (names.stream().distinct().count() != names.size()) {
      throw headerProblem("a repeated name in " + names, "Rename one of the columns", null);
    }
    return names;
  }

  private DatasetException headerProblem(String found, String remedy, @Nullable IOException cause) {
    String expected =
        "a header record with distinct columns, among them '"
            + columns.text()
            + "'"
            + (columns.hasId() ? " and '" + columns.id() + "'" : "");
    return cause == null
        ? new DatasetException(shard.file(), expected, found, remedy)
        : new DatasetException(shard.file(), expected, found, remedy, cause);
  }

  private void row(CsvRecordReader.RawRecord raw, List<String> header) {
    if (raw.cut()) {
      String detail = "expected at most " + TextShard.MAX_ROW_CHARS + " characters, found more";
      bad(raw, BadRow.Reason.TOO_LONG, detail + " over " + raw.lines() + " lines");
    } else if (!Utf8.isWellFormed(raw.text())) {
      bad(raw, BadRow.Reason.INVALID_UTF8, "expected UTF-8, found bytes that are not");
    } else if (raw.open()) {
      String detail = "expected a closing quote, found the end of the file after ";
      bad(raw, BadRow.Reason.MALFORMED, detail + raw.lines() + " lines inside the quotes");
    } else if (!raw.text().isBlank()) {
      parsed(raw, header);
    }
  }

  private void parsed(CsvRecordReader.RawRecord raw, List<String> header) {
    List<String> fields;
    try {
      fields = fields(raw.text());
    } catch (IOException e) {
      bad(raw, BadRow.Reason.MALFORMED, "expected a CSV record, found an error: " + e.getMessage());
      return;
    }
    if (fields.size() != header.size()) {
      String detail = "expected " + header.size() + " fields, found " + fields.size();
      bad(raw, BadRow.Reason.MALFORMED, detail);
      return;
    }
    Map<String, String> attributes = new HashMap<>();
    for (String name : columns.attributes()) {
      if (header.contains(name)) {
        attributes.put(name, fields.get(header.indexOf(name)));
      }
    }
    String id =
        columns.hasId()
            ? fields.get(header.indexOf(columns.id()))
            : ItemSink.madeId(shard.source(), raw.line());
    if (id.isBlank()) {
      bad(raw, BadRow.Reason.MISSING_ID, "expected an id in '" + columns.id() + "', found none");
      return;
    }
    String text = fields.get(header.indexOf(columns.text()));
    sink.document(shard.source(), raw.line(), id, text, attributes, raw.text());
  }

  private void bad(CsvRecordReader.RawRecord raw, BadRow.Reason reason, String detail) {
    sink.bad(shard.source(), raw.line(), reason, detail, raw.text());
  }

  private static List<String> fields(String record) throws IOException {
    try (CSVParser parser = CSVParser.parse(record, FORMAT)) {
      List<CSVRecord> records = parser.getRecords();
      return records.isEmpty() ? List.of() : records.get(0).stream().toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
