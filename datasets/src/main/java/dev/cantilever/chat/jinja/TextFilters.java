package dev.cantilever.chat.jinja;

import dev.cantilever.chat.python.CallArguments;
import dev.cantilever.chat.python.PythonCase;
import dev.cantilever.chat.python.PythonLines;
import dev.cantilever.chat.python.PythonStrings;
import dev.cantilever.chat.python.PythonText;
import dev.cantilever.chat.python.TemplateBounds;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Jinja's filters of text. */
final class TextFilters {

  private static final int INDENT = 4;

  /* What the filter title takes for a word. */
  private static final Pattern WORD = Pattern.compile("[^-\\s({\\[<]+");

  private TextFilters() {}

  static String filter(String name, String text, CallArguments a) {
    return switch (name) {
      case "trim" ->
          PythonStrings.strip(
              text, a.only("chars").isNone(0, "chars") ? null : a.text(0, "chars"), true, true);
      case "replace" -> {
        a.only("old", "new", "count");
        int limit = a.isNone(2, "count") ? -1 : a.integer(2, "count", -1);
        yield PythonStrings.replace(text, written(a, 0, "old"), written(a, 1, "new"), limit);
      }
      default -> ofCase(name, text, a.only());
    };
  }

  /** An argument as text, whatever it is. */
  private static String written(CallArguments a, int place, String name) {
    return a.has(place, name) ? PythonText.printed(a.value(place, name)) : a.text(place, name);
  }

  private static String ofCase(String name, String text, CallArguments none) {
    return name.equals("title") ? title(text) : (String) PythonStrings.call(text, name, none);
  }

  /** Not what str.title does. */
  private static String title(String text) {
    return WORD.matcher(PythonCase.simple(text)).replaceAll(TextFilters::capitalized);
  }

  private static String capitalized(MatchResult match) {
    String word = match.group();
    int behind = Character.charCount(word.codePointAt(0));
    return Matcher.quoteReplacement(
        word.substring(0, behind).toUpperCase(Locale.ROOT)
            + word.substring(behind).toLowerCase(Locale.ROOT));
  }

  /** {@code indent}, which takes nothing but a string. */
  static String indent(@Nullable Object value, CallArguments arguments) {
    CallArguments a = arguments.only("width", "first", "blank");
    String text = a.string(value);
    String indent =
        a.value(0, "width") instanceof String given
            ? given
            : " ".repeat(TemplateBounds.chars(Math.max(0, a.integer(0, "width", INDENT))));
    List<Object> lines = PythonLines.of(text + "\n", false);
    TemplateBounds.chars(text.length() + (double) indent.length() * lines.size());
    boolean isBlankToo = a.flag(2, "blank", false);
    List<String> parts = new ArrayList<>();
    for (Object line : lines) {
      boolean isFirst = parts.isEmpty();
      boolean isIndented = isFirst ? a.flag(1, "first", false) : isBlankToo || !line.equals("");
      parts.add(isIndented ? indent + line : line.toString());
    }
    return PythonStrings.joined("\n", parts);
  }
}
