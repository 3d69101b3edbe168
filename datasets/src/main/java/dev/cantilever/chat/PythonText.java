package dev.cantilever.chat;

import com.hubspot.jinjava.objects.SafeString;
import java.math.BigDecimal;
import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Values as Python writes them. */
final class PythonText {

  /* Between these Python writes a float without an exponent. */
  private static final double LEAST_PLAIN = 1e-4;
  private static final double MOST_PLAIN = 1e16;

  private PythonText() {}

  /** What a tag prints of a value: Python's str, and nothing of what is undefined. */
  public static String printed(@Nullable Object value) {
    return value == null ? "" : text(value);
  }

  /** Whether a value is a string of Python's. */
  static boolean isText(@Nullable Object value) {
    return value instanceof CharSequence || value instanceof SafeString;
  }

  private static String text(Object value) {
    if (value instanceof Boolean truth) {
      return truth ? "True" : "False";
    }
    if (value instanceof Double || value instanceof Float || value instanceof BigDecimal) {
      return decimal(((Number) value).doubleValue());
    }
    if (value instanceof Collection<?> list) {
      return list.stream().map(PythonText::quoted).collect(Collectors.joining(", ", "[", "]"));
    }
    if (value instanceof Map.Entry<?, ?> pair) {
      return "(" + quoted(pair.getKey()) + ", " + quoted(pair.getValue()) + ")";
    }
    if (value instanceof Map<?, ?> map) {
      return map.entrySet().stream()
          .map(entry -> quoted(entry.getKey()) + ": " + quoted(entry.getValue()))
          .collect(Collectors.joining(", ", "{", "}"));
    }
    return value.toString();
  }

  /** Python's repr. */
  private static String quoted(@Nullable Object value) {
    if (value == null) {
      return "None";
    }
    if (!(value instanceof CharSequence)) {
      return text(value);
    }
    String content = value.toString();
    char quote = content.indexOf('\'') >= 0 && content.indexOf('"') < 0 ? '"' : '\'';
    StringBuilder quoted = new StringBuilder().append(quote);
    for (char c : content.toCharArray()) {
      switch (c) {
        case '\n' -> quoted.append("\\n");
        case '\r' -> quoted.append("\\r");
        case '\t' -> quoted.append("\\t");
        case '\\' -> quoted.append("\\\\");
        default -> quoted.append(c == quote ? "\\" : "").append(c);
      }
    }
    return quoted.append(quote).toString();
  }

  private static String decimal(double value) {
    double size = Math.abs(value);
    if (value != 0 && (size < LEAST_PLAIN || size >= MOST_PLAIN)) {
      throw TemplateRefusal.unsupported("the number " + value + " as text");
    }
    String plain = new BigDecimal(Double.toString(value)).toPlainString();
    return plain.contains(".") ? plain : plain + ".0";
  }
}
