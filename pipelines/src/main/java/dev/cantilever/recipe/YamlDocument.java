package dev.cantilever.recipe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;

/**
 * A recipe file as a tree, with the line of each key.
 *
 * <p>The tree is built token by token, not by a mapper, for three reasons: a mapper keeps the last
 * of two equal keys, reads an alias as text that names its anchor, and forgets the lines.
 */
final class YamlDocument {
  private static final YAMLFactory YAML = new YAMLFactory(new ObjectMapper());

  private final String name;
  private final YAMLParser parser;
  private final Map<String, Integer> lines = new HashMap<>();

  private YamlDocument(String name, YAMLParser parser) {
    this.name = name;
    this.parser = parser;
  }

  /**
   * A parsed file.
   *
   * @param root the mapping at the top, empty for an empty file
   * @param lines the line of each key, by its full dotted name
   */
  record Parsed(ObjectNode root, Map<String, Integer> lines) {}

  /**
   * Reads a document whose top is a mapping.
   *
   * @param name the file's name for messages
   * @throws UsageException if it is not one YAML mapping without aliases and repeated keys
   */
  static Parsed parse(String name, String text) {
    try (YAMLParser parser = YAML.createParser(text)) {
      YamlDocument document = new YamlDocument(name, parser);
      JsonToken first = parser.nextToken();
      if (first == null || first == JsonToken.VALUE_NULL) {
        return new Parsed(JsonNodeFactory.instance.objectNode(), Map.of());
      }
      if (first != JsonToken.START_OBJECT) {
        throw document.error("expected sections with keys under them, got " + parser.getText());
      }
      ObjectNode root = document.object("");
      if (parser.nextToken() != null) {
        throw document.error("expected one document, got a second one; remove what follows");
      }
      return new Parsed(root, Map.copyOf(document.lines));
    } catch (JsonProcessingException e) {
      throw syntax(name, e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads one value as typed on the command line, such as {@code [a, b]}.
   *
   * @throws MismatchException if it is not YAML
   */
  static JsonNode parseValue(String text) {
    try (YAMLParser parser = YAML.createParser(text)) {
      parser.nextToken();
      return new YamlDocument("the value", parser).value("");
    } catch (JsonProcessingException e) {
      MismatchException mismatch = MismatchException.of("a list such as [a, b]", text);
      mismatch.initCause(e);
      throw mismatch;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ObjectNode object(String prefix) throws IOException {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      String path = prefix + key;
      if (object.has(key)) {
        throw error(
            "the key "
                + path
                + " is given twice, first in line "
                + lines.get(path)
                + "; remove one of them");
      }
      lines.put(path, parser.currentTokenLocation().getLineNr());
      parser.nextToken();
      object.set(key, value(path + "."));
    }
    return object;
  }

  private JsonNode value(String prefix) throws IOException {
    if (parser.isCurrentAlias()) {
      throw error("expected a value, got an alias (*name); write the value out");
    }
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    return switch (parser.currentToken()) {
      case START_OBJECT -> object(prefix);
      case START_ARRAY -> {
        ArrayNode array = nodes.arrayNode();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          array.add(value(prefix + array.size() + "."));
        }
        yield array;
      }
      case VALUE_TRUE, VALUE_FALSE -> nodes.booleanNode(parser.getBooleanValue());
      case VALUE_NULL -> nodes.nullNode();
      case VALUE_NUMBER_INT -> nodes.numberNode(parser.getBigIntegerValue());
      // As text, so that each type reads the digits in its own precision.
      case VALUE_NUMBER_FLOAT -> nodes.textNode(parser.getText().replace("_", ""));
      default -> nodes.textNode(parser.getText());
    };
  }

  private UsageException error(String message) {
    return new UsageException(
        name + ", line " + parser.currentTokenLocation().getLineNr() + ": " + message);
  }

  private static UsageException syntax(String name, JsonProcessingException e) {
    String line = e.getLocation() == null ? "" : ", line " + e.getLocation().getLineNr();
    String reason = e.getOriginalMessage().lines().findFirst().orElse("unreadable");
    return new UsageException(
        name + line + ": expected YAML, got what its parser refuses: " + reason, e);
  }
}
