package dev.cantilever.chat;

import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Upper and lower case as Python's str has them. */
final class PythonCase {

  /* What Jinja's title filter takes for the beginning of a word. */
  private static final Pattern WORD = Pattern.compile("[^-\\s({\\[<]+");

  private static final int SIGMA = 0x3a3;

  private PythonCase() {}

  static String title(String text) {
    StringBuilder title = new StringBuilder();
    boolean inWord = false;
    for (int c : simple(text).codePoints().toArray()) {
      title.appendCodePoint(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
      inWord = isCased(c);
    }
    return title.toString();
  }

  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = simple(text).codePointAt(0);
    return Character.toString(Character.toTitleCase(first))
        + text.substring(Character.charCount(first)).toLowerCase(Locale.ROOT);
  }

  /** Jinja's filter {@code title}, which is not str.title. */
  static String titleFilter(String text) {
    return WORD.matcher(simple(text)).replaceAll(PythonCase::word);
  }

  private static String word(MatchResult match) {
    String word = match.group();
    int behind = Character.charCount(word.codePointAt(0));
    return Matcher.quoteReplacement(
        word.substring(0, behind).toUpperCase(Locale.ROOT)
            + word.substring(behind).toLowerCase(Locale.ROOT));
  }

  static boolean isUpper(String text) {
    return text.codePoints().anyMatch(Character::isUpperCase)
        && text.codePoints().noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
  }

  static boolean isLower(String text) {
    return text.codePoints().anyMatch(Character::isLowerCase)
        && text.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
  }

  private static boolean isCased(int c) {
    return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
  }

  /** Refuses letters whose other case is more than one letter, or depends on its neighbours. */
  private static String simple(String text) {
    text.codePoints()
        .filter(c -> c > 0x7f)
        .forEach(
            c -> {
              String letter = Character.toString(c);
              if (c == SIGMA || letter.toUpperCase(Locale.ROOT).length() != letter.length()) {
                throw TemplateRefusal.unsupported("the case of the letter " + letter);
              }
            });
    return text;
  }
}
