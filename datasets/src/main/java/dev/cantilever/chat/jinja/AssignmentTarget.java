package dev.cantilever.chat.jinja;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import dev.cantilever.chat.python.PythonValues;
import dev.cantilever.chat.python.TemplateRefusal;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The names that {@code set} or {@code for} gives values to, one or several. */
record AssignmentTarget(List<String> names, boolean isTuple) {

  private static final Pattern NAME =
      Pattern.compile(
          "(?!(?:true|false|none|True|False|None)\\b)[\\p{L}_][\\p{L}\\p{N}_]*(?:\\.[\\p{L}_][\\p{L}\\p{N}_]*)?");

  /**
   * Reads it.
   *
   * @param code names with commas between them, in brackets or not
   * @throws TemplateRefusal if it is something else
   */
  static AssignmentTarget of(String code) {
    String bare = code.strip();
    boolean isTuple = bare.contains(",");
    if (bare.startsWith("(") && bare.endsWith(")")) {
      bare = bare.substring(1, bare.length() - 1);
    }
    List<String> names = Arrays.stream(bare.split(",", -1)).map(String::strip).toList();
    for (String name : names) {
      if (!NAME.matcher(name).matches()) {
        throw TemplateRefusal.unsupported("a value for " + code.strip());
      }
    }
    return new AssignmentTarget(names, isTuple);
  }

  /** Gives the names their values in the scope that is being rendered. */
  void assign(@Nullable Object value) {
    if (!isTuple) {
      assign(names.get(0), value);
      return;
    }
    List<@Nullable Object> parts = PythonValues.list(value);
    if (parts.size() != names.size()) {
      throw TemplateRefusal.failing(
          "%d values for the names %s".formatted(parts.size(), String.join(", ", names)));
    }
    for (int i = 0; i < parts.size(); i++) {
      assign(names.get(i), parts.get(i));
    }
  }

  private static void assign(String name, @Nullable Object value) {
    int dot = name.indexOf('.');
    if (dot < 0) {
      TemplateScope.set(name, value);
    } else if (JinjavaInterpreter.getCurrent().getContext().get(name.substring(0, dot))
        instanceof TemplateNamespace namespace) {
      namespace.set(name.substring(dot + 1), value);
    } else {
      throw TemplateRefusal.failing("a value for " + name + ", which is no namespace");
    }
  }
}
