package dev.cantilever.chat.python;

import java.math.BigInteger;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * {@code tojson} as transformers has it: Python's {@code json.dumps} with its spaces, characters as
 * they are and the order of the keys kept, unless the template says otherwise.
 */
public final class PythonJson {

  private static final String[] PARAMETERS = {"ensure_ascii", "indent", "separators", "sort_keys"};

  private final StringBuilder json = new StringBuilder();
  private final boolean isAscii;
  private final @Nullable String indent;
  private final String betweenItems;
  private final String behindKey;
  private final boolean isSorted;

  private PythonJson(CallArguments arguments) {
    this.isAscii = arguments.flag(0, PARAMETERS[0], false);
    this.indent = indent(arguments);
    this.isSorted = arguments.flag(3, PARAMETERS[3], false);
    if (arguments.isNone(2, PARAMETERS[2])) {
      this.betweenItems = indent == null ? ", " : ",";
      this.behindKey = ": ";
    } else {
      List<?> separators = PythonValues.list(arguments.value(2, PARAMETERS[2]));
      if (separators.size() != 2) {
        throw TemplateRefusal.failing("tojson with other than two separators");
      }
      this.betweenItems = arguments.string(separators.get(0));
      this.behindKey = arguments.string(separators.get(1));
    }
  }

  private static @Nullable String indent(CallArguments arguments) {
    if (arguments.isNone(1, PARAMETERS[1])) {
      return null;
    }
    return arguments.value(1, PARAMETERS[1]) instanceof String text
        ? text
        : " ".repeat(TemplateBounds.chars(Math.max(0, arguments.integer(1, PARAMETERS[1], 0))));
  }

  /**
   * Writes a value.
   *
   * @param value the value
   * @param arguments ensure_ascii, indent, separators and sort_keys
   * @return its JSON
   * @throws TemplateRefusal if JSON cannot say it
   */
  public static String of(@Nullable Object value, CallArguments arguments) {
    PythonJson writer = new PythonJson(arguments.only(PARAMETERS));
    writer.write(value, 0);
    return writer.json.toString();
  }

  private void write(@Nullable Object value, int depth) {
    TemplateBounds.chars(json.length());
    if (value instanceof String text) {
      quote(text);
    } else if (value instanceof Markup markup) {
      quote(markup.text());
    } else if (value instanceof Map<?, ?> map) {
      writeObject(map, depth);
    } else if (value instanceof List<?> list && !(value instanceof PythonRange)) {
      writeList(list, depth);
    } else {
      json.append(scalar(value));
    }
  }

  private static String scalar(@Nullable Object value) {
    if (value == PythonNone.NONE) {
      return "null";
    }
    if (value instanceof Boolean || value instanceof Long || value instanceof BigInteger) {
      return value.toString();
    }
    if (value instanceof Double real) {
      String text = PythonText.decimal(real);
      return switch (text) {
        case "nan" -> "NaN";
        case "inf" -> "Infinity";
        case "-inf" -> "-Infinity";
        default -> text;
      };
    }
    throw TemplateRefusal.failing("tojson of " + PythonValues.kind(value));
  }

  private void writeList(Collection<?> list, int depth) {
    RenderDeadline.check();
    json.append('[');
    int i = 0;
    for (Object item : list) {
      json.append(i++ > 0 ? betweenItems : "");
      line(depth + 1);
      write(item, depth + 1);
    }
    if (!list.isEmpty()) {
      line(depth);
    }
    json.append(']');
  }

  private void writeObject(Map<?, ?> map, int depth) {
    RenderDeadline.check();
    Map<?, ?> entries = map;
    if (isSorted) {
      TreeMap<@Nullable Object, @Nullable Object> sorted = new TreeMap<>(PythonComparison::order);
      sorted.putAll(map);
      entries = sorted;
    }
    json.append('{');
    int i = 0;
    for (Map.Entry<?, ?> entry : entries.entrySet()) {
      json.append(i++ > 0 ? betweenItems : "");
      line(depth + 1);
      quote(entry.getKey() instanceof String key ? key : scalar(entry.getKey()));
      json.append(behindKey);
      write(entry.getValue(), depth + 1);
    }
    if (!map.isEmpty()) {
      line(depth);
    }
    json.append('}');
  }

  private void line(int depth) {
    if (indent != null) {
      TemplateBounds.chars((double) indent.length() * depth);
      json.append('\n').append(indent.repeat(depth));
    }
  }

  private void quote(String text) {
    json.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> json.append("\\\"");
        case '\\' -> json.append("\\\\");
        case '\n' -> json.append("\\n");
        case '\r' -> json.append("\\r");
        case '\t' -> json.append("\\t");
        case '\b' -> json.append("\\b");
        case '\f' -> json.append("\\f");
        default -> {
          boolean isEscaped = c < ' ' || isAscii && c > '~';
          json.append(isEscaped ? "\\u%04x".formatted((int) c) : String.valueOf(c));
        }
      }
    }
    json.append('"');
  }
}
