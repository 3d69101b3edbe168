package dev.cantilever.hub;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.cantilever.OpsException;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The JSON header of a safetensors file, parsed and checked against the size of the data that
 * follows it. Nothing in it is believed before all of it is consistent.
 *
 * @param metadata the {@code __metadata__} map, in file order
 * @param entries by offset, covering the data without hole or overlap
 */
record SafetensorsHeader(Map<String, String> metadata, List<TensorEntry> entries) {

  /** The reference implementation's own cap on the header. */
  static final long MAX_HEADER_BYTES = 100_000_000;

  /** Caps of ours; real checkpoints stay far below. */
  static final int MAX_TENSORS = 1_000_000;

  static final int MAX_NAME = 1024;
  static final int MAX_RANK = 16;

  static final String METADATA = "__metadata__";

  private static final JsonFactory JSON = new JsonFactory();

  SafetensorsHeader {
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    entries = List.copyOf(entries);
  }

  /**
   * Parses and checks a header.
   *
   * @param dataBytes the bytes of the file after the header
   * @throws CheckpointException at the first rule broken
   */
  static SafetensorsHeader parse(Path file, byte[] header, long dataBytes) {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(header)).toString();
    } catch (CharacterCodingException e) {
      throw broken(file, "a header in UTF-8", "bytes that are not UTF-8", e);
    }
    if (!text.startsWith("{")) {
      throw broken(file, "a header that begins with '{'", "'" + head(text) + "'");
    }
    int last = text.length() - 1;
    while (text.charAt(last) == ' ') {
      last--;
    }
    if (text.charAt(last) != '}') {
      throw broken(file, "a header that ends with '}' and spaces", "another end");
    }
    try (JsonParser parser = JSON.createParser(text)) {
      return new Reader(file, parser).header(dataBytes);
    } catch (JsonProcessingException e) {
      throw broken(file, "a header in JSON", e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw broken(file, "a header in JSON", String.valueOf(e.getMessage()), e);
    }
  }

  static CheckpointException broken(Path file, String expected, String found) {
    return new CheckpointException(message(file, expected, found));
  }

  private static CheckpointException broken(
      Path file, String expected, String found, Exception cause) {
    return new CheckpointException(message(file, expected, found), cause);
  }

  private static String message(Path file, String expected, String found) {
    return "%s: expected %s, found %s. The file is damaged or not safetensors: fetch it again."
        .formatted(file, expected, found);
  }

  private static String head(String text) {
    return text.substring(0, Math.min(20, text.length()));
  }

  /** One pass over the tokens of one header. */
  private static final class Reader {
    private final Path file;
    private final JsonParser parser;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final List<TensorEntry> entries = new ArrayList<>();

    Reader(Path file, JsonParser parser) {
      this.file = file;
      this.parser = parser;
    }

    SafetensorsHeader header(long dataBytes) throws IOException {
      expect(parser.nextToken(), JsonToken.START_OBJECT, "a JSON object as header");
      Set<String> names = new HashSet<>();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        if (!names.add(name)) {
          throw broken(file, "each tensor once", "'" + shown(name) + "' twice");
        }
        if (name.equals(METADATA)) {
          readMetadata();
        } else {
          readEntry(name);
        }
      }
      if (parser.nextToken() != null) {
        throw broken(file, "one JSON object as header", "more after it");
      }
      entries.sort(
          Comparator.comparingLong(TensorEntry::offset).thenComparingLong(TensorEntry::bytes));
      checkCoverage(dataBytes);
      return new SafetensorsHeader(metadata, entries);
    }

    private void readMetadata() throws IOException {
      expect(parser.nextToken(), JsonToken.START_OBJECT, METADATA + " to be an object");
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        expect(parser.nextToken(), JsonToken.VALUE_STRING, METADATA + " to hold strings only");
        if (metadata.put(key, parser.getText()) != null) {
          throw broken(file, "each key of " + METADATA + " once", "'" + shown(key) + "' twice");
        }
      }
    }

    private void readEntry(String name) throws IOException {
      if (name.isEmpty() || name.length() > MAX_NAME) {
        throw broken(
            file,
            "tensor names of 1 to " + MAX_NAME + " characters",
            "'%s' of %d".formatted(shown(name), name.length()));
      }
      if (entries.size() == MAX_TENSORS) {
        throw broken(file, "at most " + MAX_TENSORS + " tensors", "more");
      }
      String tensor = "tensor '" + name + "'";
      expect(parser.nextToken(), JsonToken.START_OBJECT, tensor + " to be an object");
      Map<String, Object> fields = new LinkedHashMap<>();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        JsonToken token = parser.nextToken();
        Object value =
            switch (field) {
              case "dtype" -> {
                expect(token, JsonToken.VALUE_STRING, tensor + " to name its dtype");
                yield dtype(tensor);
              }
              case "shape" -> longs(tensor + " to have a shape", token, MAX_RANK);
              case "data_offsets" -> longs(tensor + " to have two data_offsets", token, 2);
              default ->
                  throw broken(
                      file,
                      tensor + " to have only dtype, shape and data_offsets",
                      "'" + shown(field) + "'");
            };
        if (fields.put(field, value) != null) {
          throw broken(file, tensor + " to have each field once", "'" + field + "' twice");
        }
      }
      if (fields.get("dtype") instanceof DType dtype
          && fields.get("shape") instanceof Longs shape
          && fields.get("data_offsets") instanceof Longs offsets
          && offsets.values().size() == 2) {
        entries.add(entry(name, dtype, shape.values(), offsets.values()));
      } else {
        throw broken(
            file, tensor + " to have dtype, shape and two data_offsets", fields.toString());
      }
    }

    private TensorEntry entry(String name, DType dtype, List<Long> dims, List<Long> offsets) {
      long begin = offsets.get(0);
      long end = offsets.get(1);
      long bytes;
      Shape shape;
      try {
        shape = new Shape(dims);
        bytes = shape.bytes(dtype);
      } catch (OpsException e) {
        throw broken(
            file, "tensor '" + name + "' to have fewer than 2^63 bytes", dtype + " " + dims, e);
      }
      if (begin > end || end - begin != bytes) {
        throw broken(
            file,
            "tensor '%s' %s %s to take %d bytes".formatted(name, dtype, shape, bytes),
            "data_offsets " + offsets);
      }
      return new TensorEntry(name, dtype, shape, begin, bytes);
    }

    private void checkCoverage(long dataBytes) {
      long end = 0;
      for (TensorEntry entry : entries) {
        if (entry.offset() != end) {
          throw broken(
              file,
              "tensor '%s' to begin at byte %d, where the one before it ends"
                  .formatted(entry.name(), end),
              (entry.offset() < end ? "an overlap" : "a hole")
                  + ": it begins at "
                  + entry.offset());
        }
        end = Math.addExact(end, entry.bytes());
      }
      if (end != dataBytes) {
        throw broken(
            file,
            "%d bytes of data as the header says (the last tensor is '%s')"
                .formatted(end, entries.isEmpty() ? "" : entries.get(entries.size() - 1).name()),
            dataBytes + (dataBytes < end ? ": the file is truncated" : ": bytes are left over"));
      }
    }

    private DType dtype(String tensor) throws IOException {
      try {
        return DType.fromSafetensors(parser.getText());
      } catch (OpsException e) {
        throw new CheckpointException(
            "%s: the dtype of %s is not supported. %s".formatted(file, tensor, e.getMessage()), e);
      }
    }

    private Longs longs(String what, JsonToken token, int most) throws IOException {
      expect(token, JsonToken.START_ARRAY, what);
      List<Long> values = new ArrayList<>();
      for (JsonToken next = parser.nextToken();
          next != JsonToken.END_ARRAY;
          next = parser.nextToken()) {
        expect(next, JsonToken.VALUE_NUMBER_INT, what + " of whole numbers");
        if (values.size() == most) {
          throw broken(file, what + " of at most " + most + " numbers", "more");
        }
        long value = parser.getLongValue();
        if (value < 0) {
          throw broken(file, what + " of numbers of at least 0", Long.toString(value));
        }
        values.add(value);
      }
      return new Longs(values);
    }

    private void expect(@Nullable JsonToken token, JsonToken wanted, String what) {
      if (token != wanted) {
        throw broken(file, what, String.valueOf(token));
      }
    }

    private static String shown(String name) {
      return name.length() <= 80 ? name : name.substring(0, 80) + "...";
    }
  }

  private record Longs(List<Long> values) {}
}
