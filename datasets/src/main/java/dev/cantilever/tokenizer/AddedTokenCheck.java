package dev.cantilever.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Finds added tokens by which the native library would cut a text within a character, or a place of
 * it twice, on which it ends the process: spellings that normalising may leave nothing of, and
 * white space that two tokens claim.
 */
final class AddedTokenCheck {

  /** Normalizers that take characters away. */
  private static final Set<String> DELETING =
      Set.of("BertNormalizer", "StripAccents", "Strip", "Nmt", "Precompiled");

  /** What none of them takes away: a letter or digit without a mark behind it. */
  private static final Pattern LASTING = Pattern.compile("[A-Za-z0-9](\\p{ASCII}|$)");

  private AddedTokenCheck() {}

  /**
   * The first such token.
   *
   * @param json of a {@code tokenizer.json}
   * @return as the file has it; nothing where all are sound
   */
  static Optional<JsonNode> unsound(JsonNode json) {
    boolean deletes = deletes(json.path("normalizer"));
    boolean replacesByNothing = replacesByNothing(json.path("normalizer"));
    JsonNode tokens = json.path("added_tokens");
    boolean takesSpace = tokens.findValues("rstrip").stream().anyMatch(JsonNode::asBoolean);
    for (JsonNode token : tokens) {
      String content = token.path("content").asText();
      boolean vanishes = replacesByNothing || deletes && !LASTING.matcher(content).find();
      boolean isSpace = !content.isEmpty() && !content.equals(content.stripLeading());
      if (token.path("normalized").asBoolean() && vanishes || takesSpace && isSpace) {
        return Optional.of(token);
      }
    }
    return Optional.empty();
  }

  private static boolean deletes(JsonNode normalizer) {
    List<JsonNode> types = normalizer.findValues("type");
    boolean typed = types.stream().anyMatch(type -> DELETING.contains(type.asText()));
    return typed
        || !normalizer.findValues("precompiled_charsmap").isEmpty()
        || !normalizer.findValues("strip_left").isEmpty()
        || !normalizer.findValues("clean_text").isEmpty();
  }

  private static boolean replacesByNothing(JsonNode normalizer) {
    return normalizer.findValues("content").stream()
        .anyMatch(content -> content.asText().isEmpty());
  }
}
