package dev.cantilever.chat.jinja;

import java.util.function.IntPredicate;

/** Finds words of an expression outside of its strings and brackets. */
final class TopLevel {

  private TopLevel() {}

  /**
   * Where a word stands by itself, between spaces or brackets.
   *
   * @param from where to begin, at the top level
   * @return its place, or -1
   */
  static int indexOf(String expression, String word, int from) {
    return find(
        expression,
        from,
        i ->
            expression.startsWith(word, i)
                && isEdge(expression, i - 1)
                && isEdge(expression, i + word.length()));
  }

  /**
   * Where a sign stands first.
   *
   * @return its place, or -1
   */
  static int indexOf(String expression, char sign) {
    return find(expression, 0, i -> expression.charAt(i) == sign);
  }

  private static int find(String expression, int from, IntPredicate stands) {
    int depth = 0;
    int i = from;
    while (i < expression.length()) {
      char c = expression.charAt(i);
      if (c == '\'' || c == '"') {
        i = endOfString(expression, i);
        continue;
      }
      if (c == '(' || c == '[' || c == '{') {
        depth++;
      } else if (c == ')' || c == ']' || c == '}') {
        depth--;
      } else if (depth == 0 && stands.test(i)) {
        return i;
      }
      i++;
    }
    return -1;
  }

  /** The place behind a string literal that begins at a quote. */
  static int endOfString(String expression, int quote) {
    int i = quote + 1;
    while (i < expression.length() && expression.charAt(i) != expression.charAt(quote)) {
      i += expression.charAt(i) == '\\' ? 2 : 1;
    }
    return Math.min(i + 1, expression.length());
  }

  private static boolean isEdge(String expression, int i) {
    return i < 0
        || i >= expression.length()
        || !Character.isLetterOrDigit(expression.charAt(i))
            && expression.charAt(i) != '_'
            && expression.charAt(i) != '.';
  }
}
