package dev.cantilever.chat.python;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Dates by a format of Python's strftime, in English. */
public final class PythonDate {

  /* Directives, and the patterns of java.time that say the same. */
  private static final Map<String, String> PATTERNS =
      Map.ofEntries(
          Map.entry("Y", "yyyy"),
          Map.entry("y", "yy"),
          Map.entry("m", "MM"),
          Map.entry("-m", "M"),
          Map.entry("B", "MMMM"),
          Map.entry("b", "MMM"),
          Map.entry("h", "MMM"),
          Map.entry("d", "dd"),
          Map.entry("-d", "d"),
          Map.entry("j", "DDD"),
          Map.entry("-j", "D"),
          Map.entry("A", "EEEE"),
          Map.entry("a", "EEE"),
          Map.entry("H", "HH"),
          Map.entry("-H", "H"),
          Map.entry("I", "hh"),
          Map.entry("-I", "h"),
          Map.entry("M", "mm"),
          Map.entry("-M", "m"),
          Map.entry("S", "ss"),
          Map.entry("-S", "s"),
          Map.entry("p", "a"),
          Map.entry("F", "yyyy-MM-dd"),
          Map.entry("T", "HH:mm:ss"),
          Map.entry("D", "MM/dd/yy"),
          Map.entry("R", "HH:mm"));

  private PythonDate() {}

  /**
   * A time as text.
   *
   * @param time the time
   * @param format as strftime takes it
   * @return the text
   * @throws TemplateRefusal if a directive is not here
   */
  public static String format(ZonedDateTime time, String format) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%') {
        text.append(c);
        continue;
      }
      int length = format.startsWith("-", i + 1) ? 2 : 1;
      String directive = format.substring(i + 1, Math.min(format.length(), i + 1 + length));
      i += length;
      text.append(directive.equals("%") ? "%" : one(time, directive, PATTERNS.get(directive)));
    }
    return text.toString();
  }

  private static String one(ZonedDateTime time, String directive, @Nullable String pattern) {
    if (pattern == null) {
      throw TemplateRefusal.unsupported("strftime_now() of %" + directive);
    }
    return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time);
  }
}
