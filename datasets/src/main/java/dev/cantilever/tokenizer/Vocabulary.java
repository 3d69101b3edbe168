package dev.cantilever.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The tokens that a {@code tokenizer.json} knows: the model's vocabulary (an object of token to id,
 * or for Unigram a list whose positions are the ids) and the added tokens.
 *
 * <p>Read beside the native library because that offers neither the vocabulary's size nor the id of
 * a token.
 */
final class Vocabulary {

  private static final JsonMapper JSON = new JsonMapper();

  private final Map<String, Integer> ids;
  private final int size;

  private Vocabulary(Map<String, Integer> ids, int size) {
    this.ids = ids;
    this.size = size;
  }

  /**
   * The tokens of a parsed {@code tokenizer.json}.
   *
   * @param source the file that a message names
   */
  static Vocabulary of(JsonNode file, Path source) {
    Map<String, Integer> ids = new HashMap<>();
    JsonNode vocabulary = file.path("model").path("vocab");
    if (vocabulary.isArray()) {
      for (int id = 0; id < vocabulary.size(); id++) {
        ids.put(vocabulary.get(id).path(0).asText(), id);
      }
    } else {
      vocabulary.properties().forEach(token -> ids.put(token.getKey(), id(token.getValue())));
    }
    for (JsonNode added : file.path("added_tokens")) {
      ids.put(added.path("content").asText(), id(added.path("id")));
    }
    int largest = ids.values().stream().mapToInt(Integer::intValue).max().orElse(-1);
    boolean valid = ids.values().stream().allMatch(id -> id >= 0);
    if (largest < 0 || !valid) {
      throw new DatasetException(
          source.toString(),
          "a vocabulary of tokens with ids from 0 at model.vocab",
          ids.isEmpty() ? "none" : "an id that is not one",
          "Export the tokenizer again with transformers' save_pretrained");
    }
    return new Vocabulary(ids, largest + 1);
  }

  private static int id(JsonNode node) {
    return node.isInt() ? node.intValue() : -1;
  }

  /** The largest id plus one: the rows that an embedding needs. */
  int size() {
    return size;
  }

  OptionalInt id(String token) {
    Integer id = ids.get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** The JSON object in a file that must exist. */
  static ObjectNode json(Path file) throws IOException {
    JsonNode node;
    try {
      node = JSON.readTree(Files.readAllBytes(file));
    } catch (JsonProcessingException e) {
      throw new DatasetException(
          file.toString(),
          "a JSON object",
          "an error: " + e.getOriginalMessage().replaceFirst(" \\(start marker at .*", ""),
          "Fetch the file again",
          e);
    }
    if (!(node instanceof ObjectNode object)) {
      throw new DatasetException(
          file.toString(), "a JSON object", "other JSON or nothing", "Fetch the file again");
    }
    return object;
  }
}
