package dev.cantilever.chat.jinja;

import dev.cantilever.chat.python.CallArguments;
import dev.cantilever.chat.python.PythonOperators;
import dev.cantilever.chat.python.PythonStrings;
import dev.cantilever.chat.python.PythonValues;
import dev.cantilever.chat.python.TemplateRefusal;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Jinja's filters of numbers. */
final class NumberFilters {

  private static final Pattern WHOLE = Pattern.compile("[-+]?(?:[0-9]+_)*[0-9]{1,18}");
  private static final Pattern REAL =
      Pattern.compile("[-+]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][-+]?[0-9]+)?");
  private static final double WHOLE_LIMIT = 1e15;
  private static final int MOST_DIGITS = 22;

  private NumberFilters() {}

  static Object abs(@Nullable Object value) {
    Object number = PythonValues.number(value);
    if (number == null) {
      throw TemplateRefusal.failing("abs of " + PythonValues.kind(value));
    }
    return number instanceof Double real
        ? (Object) Math.abs(real)
        : (Long) number < 0 ? PythonOperators.negated(number) : number;
  }

  static @Nullable Object whole(@Nullable Object value, CallArguments a) {
    a.only("default", "base");
    if (a.has(1, "base")) {
      throw TemplateRefusal.unsupported("the filter int with a base");
    }
    String text = value instanceof String string ? PythonStrings.strip(string) : "";
    if (WHOLE.matcher(text).matches()) {
      return Long.valueOf(text.replace("_", "").replace("+", ""));
    }
    Object number = value instanceof String ? parsed(text) : defined(value);
    if (number instanceof Double real) {
      if (!(Math.abs(real) < WHOLE_LIMIT)) {
        throw TemplateRefusal.unsupported("the filter int of " + real);
      }
      return real.longValue();
    }
    return number == null ? a.value(0, "default", 0L) : number;
  }

  static @Nullable Object real(@Nullable Object value, CallArguments a) {
    a.only("default");
    Object number =
        value instanceof String text ? parsed(PythonStrings.strip(text)) : defined(value);
    return number == null ? a.value(0, "default", 0.0) : (Object) ((Number) number).doubleValue();
  }

  private static @Nullable Object defined(@Nullable Object value) {
    if (value == null) {
      throw TemplateRefusal.failing("an undefined value as a number");
    }
    return PythonValues.number(value);
  }

  private static @Nullable Double parsed(String text) {
    if (REAL.matcher(text).matches()) {
      return Double.valueOf(text);
    }
    if (text.matches("(?i)[-+]?(nan|inf|infinity)|.*[0-9]_[0-9].*")
        || !text.chars().allMatch(c -> c < 0x80)) {
      throw TemplateRefusal.unsupported("a number written as " + text);
    }
    return null;
  }

  static Object round(@Nullable Object value, CallArguments a) {
    a.only("precision", "method");
    Object number = PythonValues.number(value);
    int digits = a.integer(0, "precision", 0);
    String method = a.text(1, "method", "common");
    if (number == null || digits < 0 || digits > MOST_DIGITS) {
      throw TemplateRefusal.unsupported("round of " + PythonValues.kind(value));
    }
    if (method.equals("common")) {
      return number instanceof Double real
          ? (Object)
              Math.copySign(
                  exact(real).setScale(digits, RoundingMode.HALF_EVEN).doubleValue(), real)
          : number;
    }
    double shift = Math.pow(10, digits);
    double shifted = ((Number) number).doubleValue() * shift;
    return switch (method) {
      case "ceil" -> Math.ceil(shifted) / shift;
      case "floor" -> Math.floor(shifted) / shift;
      default -> throw TemplateRefusal.failing("round with method=" + method);
    };
  }

  private static BigDecimal exact(double real) {
    if (Double.isNaN(real) || Double.isInfinite(real)) {
      throw TemplateRefusal.unsupported("round of " + real);
    }
    return new BigDecimal(real);
  }
}
