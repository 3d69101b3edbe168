package dev.cantilever.chat.python;

import org.jspecify.annotations.Nullable;

/**
 * What {@code safe} gives: a string that escapes for HTML what {@code +} joins to it.
 *
 * @param text the string
 */
public record Markup(String text) {

  /** A value without the mark, for which most rules are the same. */
  static @Nullable Object plain(@Nullable Object value) {
    return value instanceof Markup markup ? markup.text() : value;
  }

  /** The two joined, at least one of them marked. */
  static Markup sum(Object first, Object second) {
    String a = escaped(first);
    String b = escaped(second);
    TemplateBounds.chars((double) a.length() + b.length());
    return new Markup(a + b);
  }

  private static String escaped(Object value) {
    return value instanceof Markup markup
        ? markup.text()
        : value
            .toString()
            .replace("&", "&amp;")
            .replace("<", "&lt;")
            .replace(">", "&gt;")
            .replace("'", "&#39;")
            .replace("\"", "&#34;");
  }
}
