package dev.cantilever.chat;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The methods of Python's str that chat templates call, with Python's results. */
final class PythonStrings {

  private static final int NO_LIMIT = -1;

  private PythonStrings() {}

  static Object call(String text, MethodArguments a) {
    return switch (a.method()) {
      case "strip" -> strip(text, characters(a), true, true);
      case "lstrip" -> strip(text, characters(a), true, false);
      case "rstrip" -> strip(text, characters(a), false, true);
      case "split" -> split(text, a);
      case "splitlines" -> text.lines().toList();
      case "partition" -> partition(text, a.text(0, "sep"));
      case "startswith" -> any(a, text::startsWith);
      case "endswith" -> any(a, text::endsWith);
      case "removeprefix" -> {
        String prefix = a.text(0, "prefix");
        yield text.startsWith(prefix) ? text.substring(prefix.length()) : text;
      }
      case "removesuffix" -> {
        String suffix = a.text(0, "suffix");
        yield text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
      }
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "title" -> title(text);
      case "capitalize" -> capitalize(text);
      case "replace" -> replace(text, a);
      case "join" -> join(text, a);
      case "find" -> (long) codePointIndex(text, text.indexOf(a.text(0, "sub")));
      case "rfind" -> (long) codePointIndex(text, text.lastIndexOf(a.text(0, "sub")));
      case "count" -> (long) count(text, a.text(0, "sub"));
      case "isdigit" -> all(text, Character::isDigit);
      case "isalpha" -> all(text, Character::isLetter);
      case "isalnum" -> all(text, Character::isLetterOrDigit);
      case "isspace" -> all(text, PythonStrings::isSpace);
      default -> throw TemplateRefusal.unsupported("the method " + a.method() + "() of a string");
    };
  }

  /** Without white space at both ends, as Python sees white space. */
  static String strip(String text) {
    return strip(text, null, true, true);
  }

  private static String strip(
      String text, @Nullable String characters, boolean left, boolean right) {
    int[] points = text.codePoints().toArray();
    IntPredicate gone =
        characters == null ? PythonStrings::isSpace : c -> characters.indexOf(c) >= 0;
    int begin = 0;
    int end = points.length;
    while (left && begin < end && gone.test(points[begin])) {
      begin++;
    }
    while (right && end > begin && gone.test(points[end - 1])) {
      end--;
    }
    return new String(points, begin, end - begin);
  }

  private static @Nullable String characters(MethodArguments a) {
    Object value = a.value(0, "chars");
    return value == null ? null : a.string(value);
  }

  /** What str.isspace says: Unicode's spaces, tab to carriage return, and the four separators. */
  static boolean isSpace(int c) {
    return Character.isSpaceChar(c)
        || c >= '\t' && c <= '\r'
        || c >= 0x1c && c <= 0x1f
        || c == 0x85;
  }

  private static List<String> split(String text, MethodArguments a) {
    Object separator = a.value(0, "sep");
    int limit = a.integer(1, "maxsplit", NO_LIMIT);
    return separator == null
        ? splitAtSpace(text, limit)
        : splitAt(text, a.string(separator), limit);
  }

  private static List<String> splitAt(String text, String separator, int limit) {
    if (separator.isEmpty()) {
      throw TemplateRefusal.unsupported("split() at an empty separator");
    }
    List<String> parts = new ArrayList<>();
    int begin = 0;
    int at = text.indexOf(separator);
    while (at >= 0 && parts.size() != limit) {
      parts.add(text.substring(begin, at));
      begin = at + separator.length();
      at = text.indexOf(separator, begin);
    }
    parts.add(text.substring(begin));
    return parts;
  }

  private static List<String> splitAtSpace(String text, int limit) {
    List<String> parts = new ArrayList<>();
    String rest = strip(text, null, true, false);
    while (!rest.isEmpty()) {
      int end = 0;
      while (end < rest.length() && !isSpace(rest.charAt(end))) {
        end++;
      }
      if (parts.size() == limit) {
        parts.add(strip(rest, null, false, true));
        return parts;
      }
      parts.add(rest.substring(0, end));
      rest = strip(rest.substring(end), null, true, false);
    }
    return parts;
  }

  private static List<String> partition(String text, String separator) {
    int at = text.indexOf(separator);
    return at < 0
        ? List.of(text, "", "")
        : List.of(text.substring(0, at), separator, text.substring(at + separator.length()));
  }

  private static boolean any(MethodArguments a, Predicate<String> test) {
    Object value = a.value(0, "prefix");
    if (value instanceof Collection<?> choices) {
      return choices.stream().anyMatch(choice -> test.test(a.string(choice)));
    }
    return test.test(a.text(0, "prefix"));
  }

  private static String title(String text) {
    StringBuilder title = new StringBuilder();
    boolean inWord = false;
    for (int c : text.codePoints().toArray()) {
      title.appendCodePoint(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
      inWord = Character.isLetter(c);
    }
    return title.toString();
  }

  private static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.codePointAt(0);
    return Character.toString(Character.toTitleCase(first))
        + text.substring(Character.charCount(first)).toLowerCase(Locale.ROOT);
  }

  private static String replace(String text, MethodArguments a) {
    String old = a.text(0, "old");
    String substitute = a.text(1, "new");
    int limit = a.integer(2, "count", NO_LIMIT);
    if (limit < 0) {
      return text.replace(old, substitute);
    }
    return String.join(substitute, splitAt(text, old, limit));
  }

  private static String join(String text, MethodArguments a) {
    if (a.value(0, "iterable") instanceof Collection<?> parts) {
      return parts.stream().map(a::string).collect(Collectors.joining(text));
    }
    throw TemplateRefusal.unsupported("join() of something that is no list");
  }

  private static int codePointIndex(String text, int index) {
    return index < 0 ? index : text.codePointCount(0, index);
  }

  private static int count(String text, String part) {
    return part.isEmpty()
        ? text.codePointCount(0, text.length()) + 1
        : splitAt(text, part, NO_LIMIT).size() - 1;
  }

  private static boolean all(String text, IntPredicate test) {
    return !text.isEmpty() && text.codePoints().allMatch(test);
  }
}
