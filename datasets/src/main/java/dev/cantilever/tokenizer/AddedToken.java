package dev.cantilever.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/**
 * A token that is found in the text before the model sees it, as the files describe it.
 *
 * @param content its spelling
 * @param lstrip whether white space before it belongs to it
 * @param rstrip whether white space behind it belongs to it
 * @param singleWord whether it is found only as a word of its own
 * @param normalized whether it is looked for in the normalised text
 * @param special whether decoding may leave it out
 */
record AddedToken(
    String content,
    boolean lstrip,
    boolean rstrip,
    boolean singleWord,
    boolean normalized,
    boolean special) {

  /** A special token that is looked for as it is spelled. */
  static AddedToken special(String content) {
    return new AddedToken(content, false, false, false, false, true);
  }

  /** The same, taking the white space before it. */
  AddedToken withLeadingSpace() {
    return new AddedToken(content, true, rstrip, singleWord, normalized, special);
  }

  /**
   * What a file states: a string, which is special, or an object with {@code content}; nothing
   * where it states neither.
   *
   * @param special what the object is when it does not say
   */
  static Optional<AddedToken> read(JsonNode node, boolean special) {
    if (node.isTextual()) {
      return Optional.of(special(node.textValue()));
    }
    if (!node.path("content").isTextual()) {
      return Optional.empty();
    }
    boolean isSpecial = node.path("special").asBoolean(special);
    return Optional.of(
        new AddedToken(
            node.path("content").textValue(),
            node.path("lstrip").asBoolean(false),
            node.path("rstrip").asBoolean(false),
            node.path("single_word").asBoolean(false),
            node.path("normalized").asBoolean(!isSpecial),
            isSpecial));
  }

  /** Its entry in {@code added_tokens} of a {@code tokenizer.json}. */
  ObjectNode json(int id) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("id", id)
        .put("content", content)
        .put("single_word", singleWord)
        .put("lstrip", lstrip)
        .put("rstrip", rstrip)
        .put("normalized", normalized)
        .put("special", special);
  }
}
