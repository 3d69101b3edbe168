package dev.cantilever.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What the normalizers of a {@code tokenizer.json} may leave of a text, as far as that can be said
 * without them: where in doubt, nothing.
 */
final class Normalizers {

  /** Types that take characters away, beside tables. */
  private static final Set<String> DELETING =
      Set.of("BertNormalizer", "StripAccents", "Strip", "Nmt");

  /** Keys of such normalizers, which may be written without their type. */
  private static final List<String> KEYS = List.of("strip_left", "clean_text");

  /** Regular expressions that white space alone matches. */
  private static final Pattern OF_SPACES =
      Pattern.compile("((\\s|\\\\[snrt]|\\[(\\s|\\\\[snrt])*])([+*?]|\\{[0-9,]*})?\\|?)+");

  private final boolean delete;
  private final boolean blank;
  private final List<Charsmap> tables = new ArrayList<>();

  /**
   * Reads them.
   *
   * @param normalizer sound, as {@link ComponentCheck} has seen
   */
  Normalizers(JsonNode normalizer) {
    List<JsonNode> replacing = normalizer.findParents("content");
    this.delete =
        normalizer.findValues("type").stream().anyMatch(type -> DELETING.contains(type.asText()))
            || KEYS.stream().anyMatch(key -> !normalizer.findValues(key).isEmpty())
            || replacing.stream().anyMatch(r -> r.path("content").asText().isEmpty());
    this.blank = replacing.stream().anyMatch(Normalizers::blanks);
    for (JsonNode table : normalizer.findValues("precompiled_charsmap")) {
      Charsmap.read(table.asText()).ifPresent(tables::add);
    }
  }

  /** Whether visible characters may be replaced by nothing, or by what begins with white space. */
  private static boolean blanks(JsonNode replace) {
    String content = replace.path("content").asText();
    JsonNode pattern = replace.path("pattern");
    boolean ofSpaces =
        pattern.path("String").isTextual()
            ? pattern.path("String").asText().isBlank()
            : OF_SPACES.matcher(pattern.path("Regex").asText()).matches();
    return (content.isEmpty() || isSpace(content)) && !ofSpaces;
  }

  /** Whether something is left of a text. */
  boolean keep(String text) {
    if (keepBeginning(text)) {
      return true;
    }
    return !delete
        && !blank
        && !text.isEmpty()
        && forms(text).stream()
            .allMatch(form -> tables.stream().noneMatch(t -> t.beginning(form).isEmpty()));
  }

  /** Whether a text begins with a visible character, and still does when normalized. */
  boolean keepBeginning(String text) {
    return !blank
        && forms(text).stream()
            .allMatch(
                form ->
                    isVisible(form)
                        && tables.stream().allMatch(table -> isVisible(table.beginning(form))));
  }

  /** What a text may be by the time that a table or a deletion meets it. */
  private static Set<String> forms(String text) {
    Set<String> forms = new LinkedHashSet<>();
    forms.add(text);
    for (Normalizer.Form form : Normalizer.Form.values()) {
      forms.add(Normalizer.normalize(text, form));
    }
    List.copyOf(forms).forEach(form -> forms.add(form.toLowerCase(Locale.ROOT)));
    return forms;
  }

  /**
   * Whether a text begins with a letter, digit, sign of punctuation or symbol, but for those that
   * stand for a space and for what could not be read.
   */
  private static boolean isVisible(String text) {
    if (text.isEmpty() || text.startsWith(Components.SPACE) || text.charAt(0) == '\ufffd') {
      return false;
    }
    return switch (Character.getType(text.codePointAt(0))) {
      case Character.UPPERCASE_LETTER,
          Character.LOWERCASE_LETTER,
          Character.TITLECASE_LETTER,
          Character.MODIFIER_LETTER,
          Character.OTHER_LETTER,
          Character.DECIMAL_DIGIT_NUMBER,
          Character.LETTER_NUMBER,
          Character.OTHER_NUMBER,
          Character.CONNECTOR_PUNCTUATION,
          Character.DASH_PUNCTUATION,
          Character.START_PUNCTUATION,
          Character.END_PUNCTUATION,
          Character.INITIAL_QUOTE_PUNCTUATION,
          Character.FINAL_QUOTE_PUNCTUATION,
          Character.OTHER_PUNCTUATION,
          Character.MATH_SYMBOL,
          Character.CURRENCY_SYMBOL,
          Character.MODIFIER_SYMBOL,
          Character.OTHER_SYMBOL ->
          true;
      default -> false;
    };
  }

  /** Whether a text begins with white space, as Unicode has it. */
  static boolean isSpace(String text) {
    return !text.isEmpty()
        && (Character.isWhitespace(text.codePointAt(0))
            || Character.isSpaceChar(text.codePointAt(0))
            || text.charAt(0) == '\u0085');
  }
}
