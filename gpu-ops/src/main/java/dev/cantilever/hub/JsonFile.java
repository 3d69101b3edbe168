package dev.cantilever.hub;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The small JSON files beside the weights: read strictly, written as Python's json writes them. */
final class JsonFile {

  private static final long MAX_BYTES = 256L << 20;

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** {@code json.dumps(indent=2)}: a space after the colon only, nothing inside empty ones. */
  private static final ObjectWriter WRITER =
      MAPPER.writer(
          new DefaultPrettyPrinter(
                  Separators.createDefaultInstance()
                      .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
                      .withObjectEmptySeparator("")
                      .withArrayEmptySeparator(""))
              .withObjectIndenter(new DefaultIndenter("  ", "\n"))
              .withArrayIndenter(new DefaultIndenter("  ", "\n")));

  private JsonFile() {}

  /**
   * Reads a file that holds one JSON object.
   *
   * @throws CheckpointException if it is missing, not JSON, not an object, or repeats a key
   */
  static ObjectNode read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new CheckpointException(
          "%s: expected a JSON file, found none. Check the path or fetch the file."
              .formatted(file));
    }
    if (Files.size(file) > MAX_BYTES) {
      throw new CheckpointException(
          "%s: expected at most %d bytes of JSON, found %d. Check that it is the right file."
              .formatted(file, MAX_BYTES, Files.size(file)));
    }
    JsonNode node;
    try {
      node = MAPPER.readTree(Files.readAllBytes(file));
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          "%s: expected valid JSON without repeated keys, found %s. Correct or fetch the file."
              .formatted(file, error(e)),
          e);
    }
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw new CheckpointException(
        "%s: expected a JSON object, found %s. Correct or fetch the file."
            .formatted(file, node.getNodeType()));
  }

  /** What is wrong, and where; without the parser's remark on a source that it does not show. */
  private static String error(JsonProcessingException e) {
    String message = e.getOriginalMessage().replaceFirst(" \\(start marker at .*", "");
    JsonLocation at = e.getLocation();
    return at == null
        ? message
        : message + " in line " + at.getLineNr() + ", column " + at.getColumnNr();
  }

  /** The object that a text of ours holds. */
  static ObjectNode parse(String text) {
    try {
      return (ObjectNode) MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          "Expected our own JSON to be valid, found %s. Report this."
              .formatted(e.getOriginalMessage()),
          e);
    }
  }

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /** The file's text without a line end. */
  static String text(ObjectNode object) {
    try {
      return WRITER.writeValueAsString(object);
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          "Expected a JSON tree that can be written, found %s. Report this."
              .formatted(e.getOriginalMessage()),
          e);
    }
  }

  /** Writes a file atomically, with a line end. */
  static void write(Path file, ObjectNode object) throws IOException {
    StagedFile.write(file, (text(object) + "\n").getBytes(StandardCharsets.UTF_8));
  }
}
