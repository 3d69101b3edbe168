package dev.cantilever.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cantilever.text.DatasetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Holds a {@code tokenizer.json} to what Hugging Face's library takes for granted. That is native:
 * where one of these does not hold it does not throw, but ends the process.
 */
final class ComponentCheck {

  private static final String CHARSMAP = "precompiled_charsmap";

  private final Path source;

  private ComponentCheck(Path source) {
    this.source = source;
  }

  /**
   * Checks all components.
   *
   * @param json the file
   * @param source what messages name
   * @throws DatasetException naming the first that does not hold
   */
  static void requireSound(JsonNode json, Path source) {
    ComponentCheck check = new ComponentCheck(source);
    check.walk(json.path("normalizer"));
    check.walk(json.path("pre_tokenizer"));
    check.walk(json.path("post_processor"));
    check.walk(json.path("decoder"));
    check.merges(json.path("model"));
    AddedTokenCheck.unsound(json)
        .ifPresent(
            token -> {
              throw check.unsound(
                  "added tokens that are found in one way alone, whatever the normalizer does",
                  token.toString());
            });
    json.path("decoder").findParents("stop").forEach(check::strip);
  }

  /** Every object, by the keys that it has: the library looks at its type only where it has one. */
  private void walk(JsonNode node) {
    if (node.has("single") || node.has("pair")) {
      template(node);
    }
    if (node.has(CHARSMAP) || node.path("type").asText().equals("Precompiled")) {
      charsmap(node.path(CHARSMAP));
    }
    if (node.path("Regex").isTextual()) {
      pattern(node.path("Regex").textValue());
    }
    node.forEach(this::walk);
  }

  private void template(JsonNode node) {
    JsonNode tokens = node.path("special_tokens");
    for (JsonNode token : tokens) {
      if (token.path("ids").size() != token.path("tokens").size()) {
        throw unsound("as many ids as tokens in a template's special token", token.toString());
      }
    }
    for (String key : new String[] {"single", "pair"}) {
      for (JsonNode piece : node.path(key)) {
        JsonNode special = piece.path("SpecialToken").path("id");
        if (special.isTextual() && !tokens.has(special.textValue())) {
          throw unsound("a template of special_tokens", special.toString());
        }
        if (key.equals("single") && piece.path("Sequence").path("id").asText().equals("B")) {
          throw unsound("a template 'single' of one text, A", piece.toString());
        }
      }
    }
  }

  private void charsmap(JsonNode node) {
    if (!node.isTextual() || Charsmap.read(node.textValue()).isEmpty()) {
      throw unsound("a sound " + CHARSMAP, node.isTextual() ? "a damaged one" : node.toString());
    }
  }

  private void pattern(String pattern) {
    if (!PatternCheck.isBounded(pattern)) {
      throw unsound(
          "patterns without a repetition in a repetition, whose time has no bound", pattern);
    }
  }

  /** The second token of a merge is appended without the prefix that stands within words. */
  private void merges(JsonNode model) {
    byte[] prefix =
        model.path("continuing_subword_prefix").asText("").getBytes(StandardCharsets.UTF_8);
    if (prefix.length == 0 || model.path("continuing_subword_prefix").isNull()) {
      return;
    }
    for (JsonNode merge : model.path("merges")) {
      String text = merge.asText();
      String second =
          merge.isTextual() ? text.substring(text.indexOf(' ') + 1) : merge.path(1).asText();
      if (!second.startsWith(model.path("continuing_subword_prefix").asText())) {
        throw unsound("merges whose second token begins with the prefix", merge.toString());
      }
    }
  }

  private void strip(JsonNode decoder) {
    if (!decoder.path("stop").isInt() || decoder.path("stop").intValue() != 0) {
      throw unsound(
          "a decoder that strips from the beginning alone, stop 0",
          decoder.path("stop").toString());
    }
  }

  private DatasetException unsound(String expected, String found) {
    String shown = found.length() > 200 ? found.substring(0, 200) + "..." : found;
    return new DatasetException(
        source.toString(), expected, shown, "Take the tokenizer from a source you trust");
  }
}
