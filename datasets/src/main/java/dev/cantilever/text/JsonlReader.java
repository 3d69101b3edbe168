package dev.cantilever.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/** Reads one JSON object per line. Blank lines are passed over; duplicate keys are malformed. */
final class JsonlReader {

  private static final ObjectReader JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxStringLength(TextShard.MAX_ROW_CHARS)
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .readerFor(JsonNode.class);

  private static final int MAX_FIELDS_SHOWN = 20;

  private final TextShard shard;
  private final TextColumns columns;
  private final ItemSink sink;
  private final Set<String> otherFields = new TreeSet<>();
  private long objects;
  private long objectsWithText;

  JsonlReader(TextShard shard, Consumer<? super TextItem> sink) {
    this.shard = shard;
    this.columns = shard.columns();
    this.sink = new ItemSink(sink);
  }

  void read() throws IOException {
    Compression.<Boolean>read(
        shard.path(),
        bytes -> {
          LineReader lines = new LineReader(Utf8.reader(bytes), TextShard.MAX_ROW_CHARS);
          for (var line = lines.next(); line.isPresent(); line = lines.next()) {
            row(line.get());
          }
          return true;
        });
    if (objects > 0 && objectsWithText == 0) {
      throw new DatasetException(
          shard.file(),
          "a text field '" + columns.text() + "' in its JSON objects",
          "none in " + objects + " rows, only the fields " + otherFields,
          "Name the field that holds the text");
    }
  }

  private void row(LineReader.Line line) {
    String raw = line.text();
    if (line.cut()) {
      String detail = "expected at most " + TextShard.MAX_ROW_CHARS + " characters, found more";
      bad(line, BadRow.Reason.TOO_LONG, detail);
    } else if (!Utf8.isWellFormed(raw)) {
      bad(line, BadRow.Reason.INVALID_UTF8, "expected UTF-8, found bytes that are not");
    } else if (!raw.isBlank()) {
      parsed(line);
    }
  }

  private void parsed(LineReader.Line line) {
    JsonNode object;
    try {
      object = JSON.readTree(line.text());
    } catch (JsonProcessingException e) {
      String error = e.getOriginalMessage().replaceFirst(" \\(start marker at .*", "");
      String detail = "expected a JSON object, found an error: " + error;
      bad(line, BadRow.Reason.MALFORMED, detail);
      return;
    }
    if (!object.isObject()) {
      String detail = "expected a JSON object, found " + kind(object);
      bad(line, BadRow.Reason.MALFORMED, detail);
      return;
    }
    objects++;
    if (!object.has(columns.text())) {
      object.fieldNames().forEachRemaining(this::remember);
      bad(
          line,
          BadRow.Reason.MISSING_TEXT,
          "expected a field '" + columns.text() + "', found none");
      return;
    }
    objectsWithText++;
    JsonNode text = object.get(columns.text());
    boolean isList = columns.jsonText() && text.isArray();
    if (!text.isTextual() && !isList) {
      String detail = "expected a string in '" + columns.text() + "', found " + kind(text);
      bad(line, text.isNull() ? BadRow.Reason.MISSING_TEXT : BadRow.Reason.WRONG_TYPE, detail);
      return;
    }
    Optional<String> id =
        columns.hasId()
            ? value(object, columns.id())
            : Optional.of(ItemSink.madeId(shard.source(), line.number()));
    if (id.isEmpty()) {
      bad(line, BadRow.Reason.MISSING_ID, "expected a field '" + columns.id() + "', found none");
      return;
    }
    Map<String, String> attributes = new HashMap<>();
    for (String name : columns.attributes()) {
      value(object, name).ifPresent(value -> attributes.put(name, value));
    }
    sink.document(
        shard.source(),
        line.number(),
        id.get(),
        isList ? text.toString() : text.textValue(),
        attributes,
        line.text());
  }

  private void remember(String field) {
    if (otherFields.size() < MAX_FIELDS_SHOWN) {
      otherFields.add(field);
    }
  }

  private void bad(LineReader.Line line, BadRow.Reason reason, String detail) {
    sink.bad(shard.source(), line.number(), reason, detail, line.text());
  }

  /** A field as text: a scalar's value, or the JSON of a list or object. */
  private static Optional<String> value(JsonNode object, String name) {
    JsonNode node = object.path(name);
    if (node.isMissingNode() || node.isNull()) {
      return Optional.empty();
    }
    return Optional.of(node.isValueNode() ? node.asText() : node.toString());
  }

  private static String kind(JsonNode node) {
    return switch (node.getNodeType()) {
      case ARRAY -> "an array";
      case OBJECT -> "an object";
      case NULL, MISSING -> "null";
      case STRING -> "a string";
      case NUMBER -> "a number";
      case BOOLEAN -> "a boolean";
      case BINARY, POJO -> "binary data";
    };
  }
}
