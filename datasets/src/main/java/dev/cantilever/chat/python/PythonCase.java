package dev.cantilever.chat.python;

import java.util.Locale;

/** Upper and lower case as Python's str has them. */
public final class PythonCase {

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

  /**
   * What str.isupper says.
   *
   * @param text the string
   * @return whether it has letters with a case, and all of them are upper
   */
  public static boolean isUpper(String text) {
    return text.codePoints().anyMatch(Character::isUpperCase)
        && text.codePoints().noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
  }

  /**
   * What str.islower says.
   *
   * @param text the string
   * @return whether it has letters with a case, and all of them are lower
   */
  public static boolean isLower(String text) {
    return text.codePoints().anyMatch(Character::isLowerCase)
        && text.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
  }

  private static boolean isCased(int c) {
    return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
  }

  /**
   * Refuses letters whose other case is more than one letter, or depends on its neighbours.
   *
   * @param text the string
   * @return the same
   * @throws TemplateRefusal if it has such a letter
   */
  public static String simple(String text) {
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
