package dev.cantilever.tokenizer;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Parts of a {@code tokenizer.json} made of a sentencepiece model. */
final class Components {

  static final String TYPE = "type";
  static final String SPACE = "\u2581";

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private Components() {}

  static ObjectNode of(String type) {
    return JSON.objectNode().put(TYPE, type);
  }

  /** Parts that act one after the other. */
  static ObjectNode sequence(String key, List<ObjectNode> parts) {
    ObjectNode sequence = of("Sequence");
    sequence.putArray(key).addAll(parts);
    return sequence;
  }

  static ObjectNode replace(String text, String by) {
    ObjectNode replace = of("Replace");
    replace.putObject("pattern").put("String", text);
    return replace.put("content", by);
  }

  static ObjectNode replaceAll(String pattern, String by) {
    ObjectNode replace = of("Replace");
    replace.putObject("pattern").put("Regex", pattern);
    return replace.put("content", by);
  }

  /**
   * Spaces as sentencepiece writes them.
   *
   * @param prepended to which parts of a text one is added: always, first, never
   * @param split whether words are cut there
   */
  static ObjectNode metaspace(String prepended, boolean split) {
    return of("Metaspace")
        .put("replacement", SPACE)
        .put("prepend_scheme", prepended)
        .put("split", split);
  }
}
