package dev.cantilever.chat.python;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Values as Python writes them. */
public final class PythonText {

  /* Between these exponents Python writes a float without one. */
  private static final int LEAST_PLAIN = -4;
  private static final int MOST_PLAIN = 16;
  private static final int DIGITS = 17;

  private final StringBuilder text = new StringBuilder();

  private PythonText() {}

  /**
   * What a tag prints of a value: Python's str, and nothing of what is undefined.
   *
   * @param value the value
   * @return the text
   * @throws TemplateRefusal if it is too long, or not written here as Python does
   */
  public static String printed(@Nullable Object value) {
    if (value == null) {
      return "";
    }
    return value instanceof String text ? text : written(value);
  }

  /** Python's str of what is no string, repr within lists and objects. */
  private static String written(Object value) {
    if (value instanceof Markup markup) {
      return markup.text();
    }
    PythonText all = new PythonText();
    all.write(value);
    return all.text.toString();
  }

  private void write(@Nullable Object value) {
    TemplateBounds.chars(text.length());
    if (value == null) {
      text.append("Undefined");
    } else if (value == PythonNone.NONE) {
      text.append("None");
    } else if (value instanceof String string) {
      quote(string);
    } else if (value instanceof Boolean truth) {
      text.append(truth ? "True" : "False");
    } else if (value instanceof Double real) {
      text.append(decimal(real));
    } else if (value instanceof Long || value instanceof BigInteger) {
      text.append(value);
    } else if (value instanceof PythonRange) {
      text.append(value);
    } else if (value instanceof PythonTuple tuple) {
      write("(", tuple, tuple.size() == 1 ? ",)" : ")");
    } else if (value instanceof DictView view) {
      write("dict_" + view.method() + "([", view, "])");
    } else if (value instanceof List<?> list) {
      write("[", list, "]");
    } else if (value instanceof Map<?, ?> map) {
      write(map);
    } else {
      throw TemplateRefusal.unsupported(PythonValues.kind(value) + " as text; it wants |list");
    }
  }

  private void write(String open, Collection<?> items, String close) {
    RenderDeadline.check();
    text.append(open);
    Iterator<?> rest = items.iterator();
    while (rest.hasNext()) {
      write(rest.next());
      text.append(rest.hasNext() ? ", " : "");
    }
    text.append(close);
  }

  private void write(Map<?, ?> map) {
    RenderDeadline.check();
    String between = "{";
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      text.append(between);
      write(entry.getKey());
      text.append(": ");
      write(entry.getValue());
      between = ", ";
    }
    text.append(map.isEmpty() ? "{}" : "}");
  }

  /** A string as Python's repr writes it. */
  private void quote(String content) {
    char quote = content.indexOf('\'') >= 0 && content.indexOf('"') < 0 ? '"' : '\'';
    text.append(quote);
    content
        .codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                case '\\' -> text.append("\\\\");
                default -> {
                  if (isPrintable(c)) {
                    text.append(c == quote ? "\\" : "").appendCodePoint(c);
                  } else {
                    text.append(escape(c));
                  }
                }
              }
            });
    text.append(quote);
  }

  private static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.UNASSIGNED ->
          throw TemplateRefusal.unsupported(
              "the character U+%X within a list or an object as text".formatted(c));
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }

  private static String escape(int c) {
    if (c <= 0xff) {
      return "\\x%02x".formatted(c);
    }
    return c <= 0xffff ? "\\u%04x".formatted(c) : "\\U%08x".formatted(c);
  }

  /** A float as Python's repr writes it: the fewest digits that give it again. */
  static String decimal(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    String sign = Math.copySign(1, value) < 0 ? "-" : "";
    if (value == 0) {
      return sign + "0.0";
    }
    BigDecimal exact = new BigDecimal(Math.abs(value));
    BigDecimal fewest = exact;
    for (int digits = 1; digits <= DIGITS; digits++) {
      fewest = exact.round(new MathContext(digits));
      if (fewest.doubleValue() == Math.abs(value)) {
        break;
      }
    }
    fewest = fewest.stripTrailingZeros();
    int exponent = fewest.precision() - fewest.scale() - 1;
    if (exponent >= LEAST_PLAIN && exponent < MOST_PLAIN) {
      String plain = fewest.toPlainString();
      return sign + (plain.contains(".") ? plain : plain + ".0");
    }
    String digits = fewest.unscaledValue().toString();
    String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
    return sign + mantissa + (exponent < 0 ? "e-" : "e+") + "%02d".formatted(Math.abs(exponent));
  }
}
