package dev.cantilever.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Finds added tokens by which the native library would cut a text within a character, or a place of
 * it twice, on which it ends the process: spellings that normalising may leave nothing of, and
 * white space that two tokens of one pass over the text claim.
 */
final class AddedTokenCheck {

  private AddedTokenCheck() {}

  /**
   * The first such token.
   *
   * @param json of a {@code tokenizer.json}
   * @return as the file has it; nothing where all are sound
   */
  static Optional<JsonNode> unsound(JsonNode json) {
    Normalizers normalizers = new Normalizers(json.path("normalizer"));
    Set<Boolean> takingSpace = new HashSet<>(); // the passes in which a token takes what follows it
    for (JsonNode token : json.path("added_tokens")) {
      if (token.path("rstrip").asBoolean()) {
        takingSpace.add(token.path("normalized").asBoolean());
      }
    }
    for (JsonNode token : json.path("added_tokens")) {
      String content = token.path("content").asText();
      boolean normalized = token.path("normalized").asBoolean();
      boolean mayBeginWithSpace =
          normalized ? !normalizers.keepBeginning(content) : Normalizers.isSpace(content);
      if (normalized && !normalizers.keep(content)
          || mayBeginWithSpace && takingSpace.contains(normalized)) {
        return Optional.of(token);
      }
    }
    return Optional.empty();
  }
}
