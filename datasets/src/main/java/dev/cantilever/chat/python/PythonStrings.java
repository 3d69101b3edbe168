package dev.cantilever.chat.python;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The methods of Python's str that chat templates call, with Python's results. */
public final class PythonStrings {

  /* Those of Python's that are not in call() are refused there. */
  private static final Set<String> METHODS =
      Set.of(
          ("capitalize casefold center count encode endswith expandtabs find format format_map index"
                  + " isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric"
                  + " isprintable isspace istitle isupper join ljust lower lstrip maketrans partition"
                  + " removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip"
                  + " split splitlines startswith strip swapcase title translate upper zfill")
              .split(" "));

  private static final int NO_LIMIT = -1;

  private PythonStrings() {}

  static boolean isMethod(String name) {
    return METHODS.contains(name);
  }

  /**
   * Calls a method.
   *
   * @param text the string whose method it is
   * @param method its name
   * @param a its arguments
   * @return its value
   * @throws TemplateRefusal if it is not here or does not take them
   */
  public static Object call(String text, String method, CallArguments a) {
    return switch (method) {
      case "strip" -> strip(text, characters(a), true, true);
      case "lstrip" -> strip(text, characters(a), true, false);
      case "rstrip" -> strip(text, characters(a), false, true);
      case "split" -> split(text, a.only("sep", "maxsplit"));
      case "rsplit" -> splitFromRight(text, a.only("sep", "maxsplit"));
      case "splitlines" -> PythonLines.of(text, a.only("keepends").flag(0, "keepends", false));
      case "partition" -> partition(text, a.only("sep/").text(0, "sep"), false);
      case "rpartition" -> partition(text, a.only("sep/").text(0, "sep"), true);
      case "startswith" -> any(a.only("prefix/"), text::startsWith);
      case "endswith" -> any(a.only("prefix/"), text::endsWith);
      case "removeprefix" -> {
        String prefix = a.only("prefix/").text(0, "prefix");
        yield text.startsWith(prefix) ? text.substring(prefix.length()) : text;
      }
      case "removesuffix" -> {
        String suffix = a.only("suffix/").text(0, "suffix");
        yield text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
      }
      case "replace" -> replace(text, a.only("old/", "new/", "count"));
      case "join" -> join(text, a.only("iterable/"));
      case "find" -> index(text, text.indexOf(a.only("sub/").text(0, "sub")));
      case "rfind" -> index(text, text.lastIndexOf(a.only("sub/").text(0, "sub")));
      case "index" -> found(text, text.indexOf(a.only("sub/").text(0, "sub")));
      case "rindex" -> found(text, text.lastIndexOf(a.only("sub/").text(0, "sub")));
      case "count" -> (long) count(text, a.only("sub/").text(0, "sub"));
      default -> withoutArguments(text, method, a.only());
    };
  }

  private static Object withoutArguments(String text, String method, CallArguments a) {
    return switch (method) {
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "title" -> PythonCase.title(text);
      case "capitalize" -> PythonCase.capitalize(text);
      case "isupper" -> PythonCase.isUpper(text);
      case "islower" -> PythonCase.isLower(text);
      case "isdigit" -> all(text, PythonStrings::isDigit);
      case "isdecimal" -> all(text, Character::isDigit);
      case "isalpha" -> all(text, Character::isLetter);
      case "isalnum" -> all(text, c -> Character.isLetter(c) || isNumeric(c));
      case "isspace" -> all(text, PythonStrings::isSpace);
      case "isascii" -> text.chars().allMatch(c -> c < 0x80);
      default -> throw TemplateRefusal.unsupported("the method " + a.callee() + " of a string");
    };
  }

  /**
   * Without white space at both ends, as Python sees white space.
   *
   * @param text the string
   * @return what is left
   */
  public static String strip(String text) {
    return strip(text, null, true, true);
  }

  /**
   * Without some characters at its ends.
   *
   * @param text the string
   * @param characters those that go; null if white space does
   * @param left whether they go at the beginning
   * @param right whether they go at the end
   * @return what is left
   */
  public static String strip(
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

  private static @Nullable String characters(CallArguments a) {
    return a.only("chars/").isNone(0, "chars") ? null : a.text(0, "chars");
  }

  /**
   * What str.isspace says: Unicode's spaces, tab to carriage return, and the four separators.
   *
   * @param c a code point
   * @return whether it is white space
   */
  public static boolean isSpace(int c) {
    return Character.isSpaceChar(c)
        || c >= '\t' && c <= '\r'
        || c >= 0x1c && c <= 0x1f
        || c == 0x85;
  }

  private static boolean isDigit(int c) {
    if (Character.getType(c) == Character.OTHER_NUMBER) {
      throw TemplateRefusal.unsupported("isdigit() of U+%X".formatted(c));
    }
    return Character.isDigit(c);
  }

  private static boolean isNumeric(int c) {
    return Character.isDigit(c)
        || Character.getType(c) == Character.OTHER_NUMBER
        || Character.getType(c) == Character.LETTER_NUMBER;
  }

  private static List<Object> split(String text, CallArguments a) {
    int limit = a.integer(1, "maxsplit", NO_LIMIT);
    List<String> parts =
        a.isNone(0, "sep") ? splitAtSpace(text, limit) : splitAt(text, a.text(0, "sep"), limit);
    return TemplateBounds.checked(new ArrayList<>(parts));
  }

  private static List<String> splitAt(String text, String separator, int limit) {
    if (separator.isEmpty()) {
      throw TemplateRefusal.failing("split() at an empty separator");
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
    int end = text.length();
    int at = behindSpace(text, 0);
    while (at < end) {
      if (parts.size() == limit) {
        parts.add(text.substring(at));
        return parts;
      }
      int begin = at;
      while (at < end && !isSpace(text.charAt(at))) {
        at++;
      }
      parts.add(text.substring(begin, at));
      at = behindSpace(text, at);
    }
    return parts;
  }

  private static int behindSpace(String text, int from) {
    int at = from;
    while (at < text.length() && isSpace(text.charAt(at))) {
      at++;
    }
    return at;
  }

  private static List<Object> splitFromRight(String text, CallArguments a) {
    int limit = a.integer(1, "maxsplit", NO_LIMIT);
    if (limit < 0) {
      return split(text, a);
    }
    if (a.isNone(0, "sep")) {
      throw TemplateRefusal.unsupported("rsplit() at white space with a limit");
    }
    String separator = a.text(0, "sep");
    List<Object> parts = new ArrayList<>();
    int end = text.length();
    int at = separator.isEmpty() ? -1 : text.lastIndexOf(separator);
    while (at >= 0 && parts.size() != limit) {
      parts.add(text.substring(at + separator.length(), end));
      end = at;
      at = text.lastIndexOf(separator, end - separator.length());
    }
    parts.add(text.substring(0, end));
    Collections.reverse(parts);
    return TemplateBounds.checked(parts);
  }

  private static PythonTuple partition(String text, String separator, boolean fromRight) {
    if (separator.isEmpty()) {
      throw TemplateRefusal.failing("partition() at an empty separator");
    }
    int at = fromRight ? text.lastIndexOf(separator) : text.indexOf(separator);
    if (at < 0) {
      return fromRight ? PythonTuple.of("", "", text) : PythonTuple.of(text, "", "");
    }
    return PythonTuple.of(
        text.substring(0, at), separator, text.substring(at + separator.length()));
  }

  private static boolean any(CallArguments a, Predicate<String> test) {
    if (a.value(0, "prefix") instanceof PythonTuple choices) {
      return choices.stream().anyMatch(choice -> test.test(a.string(choice)));
    }
    return test.test(a.text(0, "prefix"));
  }

  private static String replace(String text, CallArguments a) {
    return replace(text, a.text(0, "old"), a.text(1, "new"), a.integer(2, "count", NO_LIMIT));
  }

  /**
   * Python's replace.
   *
   * @param text the string
   * @param old what goes
   * @param substitute what comes for it
   * @param limit how often at most; below zero without end
   * @return the new string
   * @throws TemplateRefusal if it is too long
   */
  public static String replace(String text, String old, String substitute, int limit) {
    if (old.isEmpty() && limit >= 0) {
      throw TemplateRefusal.unsupported("replace() of an empty string with a count");
    }
    if (!old.isEmpty()) {
      return joined(substitute, splitAt(text, old, limit));
    }
    List<String> parts = new ArrayList<>();
    parts.add("");
    text.codePoints().mapToObj(Character::toString).forEach(parts::add);
    parts.add("");
    return joined(substitute, parts);
  }

  private static String join(String text, CallArguments a) {
    List<String> parts = new ArrayList<>();
    PythonValues.list(a.value(0, "iterable")).forEach(part -> parts.add(a.string(part)));
    return joined(text, parts);
  }

  /**
   * Python's join.
   *
   * @param separator what stands between the parts
   * @param parts the parts
   * @return the string
   * @throws TemplateRefusal if it is too long
   */
  public static String joined(String separator, List<String> parts) {
    double length = (double) separator.length() * parts.size();
    for (String part : parts) {
      length += part.length();
    }
    TemplateBounds.chars(length);
    return String.join(separator, parts);
  }

  private static long index(String text, int index) {
    return index < 0 ? index : text.codePointCount(0, index);
  }

  private static long found(String text, int index) {
    if (index < 0) {
      throw TemplateRefusal.failing("index() of what a string does not hold");
    }
    return index(text, index);
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
