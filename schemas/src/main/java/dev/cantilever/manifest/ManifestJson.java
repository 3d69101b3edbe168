package dev.cantilever.manifest;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The JSON of a manifest: fixed order, fixed layout, nothing unknown. */
final class ManifestJson {

  private static final int FORMAT = 1;
  private static final Set<String> KEYS =
      Set.of("format", "kind", "run", "step", "created_millis", "files", "facts");
  private static final Set<String> FILE_KEYS = Set.of("name", "bytes", "sha256", "rows");

  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private ManifestJson() {}

  static byte[] write(CommitManifest manifest) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("format", FORMAT);
    json.put("kind", manifest.kind());
    json.put("run", manifest.run());
    json.put("step", manifest.step());
    json.put("created_millis", manifest.createdMillis());
    ArrayNode files = json.putArray("files");
    for (FileEntry file : manifest.files()) {
      files
          .addObject()
          .put("name", file.name())
          .put("bytes", file.bytes())
          .put("sha256", file.sha256())
          .put("rows", file.rows());
    }
    ObjectNode facts = json.putObject("facts");
    manifest.facts().forEach(facts::put);
    try {
      DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
      DefaultPrettyPrinter printer =
          new DefaultPrettyPrinter().withObjectIndenter(indenter).withArrayIndenter(indenter);
      String text = MAPPER.writer(printer).writeValueAsString(json) + "\n";
      return text.getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new ManifestException(
          "Expected a manifest that JSON can hold, found " + manifest + ". Clean its texts.", e);
    }
  }

  /**
   * Parses a manifest.
   *
   * @param source where the bytes come from, for messages
   */
  static CommitManifest read(byte[] bytes, String source) {
    JsonNode json;
    try {
      json = MAPPER.readTree(bytes);
    } catch (IOException e) {
      throw new ManifestException(
          source
              + ": expected the JSON of a manifest, found "
              + e.getMessage()
              + ". Delete the directory and run its stage again.",
          e);
    }
    requireKeys(source, json, KEYS);
    long format = integer(source, json, "format");
    if (format != FORMAT) {
      throw bad(source, "format " + FORMAT, "format " + format);
    }
    List<FileEntry> files = new ArrayList<>();
    if (!json.path("files").isArray()) {
      throw bad(source, "an array 'files'", json.path("files").toString());
    }
    for (JsonNode file : json.path("files")) {
      requireKeys(source, file, FILE_KEYS);
      files.add(
          new FileEntry(
              text(source, file, "name"),
              integer(source, file, "bytes"),
              text(source, file, "sha256"),
              integer(source, file, "rows")));
    }
    JsonNode factsJson = json.path("facts");
    if (!factsJson.isObject()) {
      throw bad(source, "an object 'facts'", factsJson.toString());
    }
    Map<String, String> facts = new TreeMap<>();
    factsJson.fieldNames().forEachRemaining(key -> facts.put(key, text(source, factsJson, key)));
    long step = integer(source, json, "step");
    if (step != (int) step) {
      throw bad(source, "a step of 32 bits", String.valueOf(step));
    }
    return new CommitManifest(
        text(source, json, "kind"),
        text(source, json, "run"),
        (int) step,
        integer(source, json, "created_millis"),
        files,
        facts);
  }

  private static void requireKeys(String source, JsonNode json, Set<String> expected) {
    Set<String> found = new TreeSet<>();
    json.fieldNames().forEachRemaining(found::add);
    if (!json.isObject() || !found.equals(expected)) {
      throw bad(source, "an object of " + new TreeSet<>(expected), found.toString());
    }
  }

  private static String text(String source, JsonNode json, String key) {
    JsonNode value = json.path(key);
    if (!value.isTextual()) {
      throw bad(source, "a text '" + key + "'", value.toString());
    }
    return value.textValue();
  }

  private static long integer(String source, JsonNode json, String key) {
    JsonNode value = json.path(key);
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw bad(source, "a whole number '" + key + "'", value.toString());
    }
    return value.longValue();
  }

  private static ManifestException bad(String source, String expected, String found) {
    return new ManifestException(
        source
            + ": expected "
            + expected
            + ", found "
            + found
            + ". Use the version that wrote it, or delete the directory and run its stage again.");
  }
}
