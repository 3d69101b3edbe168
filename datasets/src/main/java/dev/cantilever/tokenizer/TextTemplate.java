package dev.cantilever.tokenizer;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Special tokens around a text, written as the post-processor {@code TemplateProcessing}. */
final class TextTemplate {

  private static final String TEXT = "";

  /* Spellings in order; the empty one is the text itself. */
  private final List<String> pieces = new ArrayList<>();
  private final Map<String, Integer> ids = new LinkedHashMap<>();

  void text() {
    pieces.add(TEXT);
  }

  /** Adds a token, whose id is among the added tokens'. */
  void special(String token, Map<String, Integer> added) {
    pieces.add(token);
    ids.put(token, Objects.requireNonNull(added.get(token)));
  }

  boolean isTextAlone() {
    return ids.isEmpty();
  }

  /** The post-processor; a pair of texts, which nobody here has, is one text after the other. */
  ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("type", "TemplateProcessing");
    for (String key : List.of("single", "pair")) {
      json.putArray(key);
      pieces.forEach(piece -> add(json, key, piece, "A"));
    }
    pieces.forEach(piece -> add(json, "pair", piece, "B"));
    ObjectNode special = json.putObject("special_tokens");
    ids.forEach(
        (token, id) -> {
          ObjectNode entry = special.putObject(token).put("id", token);
          entry.putArray("ids").add(id);
          entry.putArray("tokens").add(token);
        });
    return json;
  }

  private static void add(ObjectNode json, String key, String piece, String text) {
    boolean isText = piece.equals(TEXT);
    json.withArray("/" + key)
        .addObject()
        .putObject(isText ? "Sequence" : "SpecialToken")
        .put("id", isText ? text : piece)
        .put("type_id", text.equals("A") ? 0 : 1);
  }
}
