package dev.cantilever.chat.jinja;

import dev.cantilever.chat.python.CallArguments;
import dev.cantilever.chat.python.Markup;
import dev.cantilever.chat.python.PythonJson;
import dev.cantilever.chat.python.PythonText;
import dev.cantilever.chat.python.PythonValues;
import dev.cantilever.chat.python.RenderDeadline;
import dev.cantilever.chat.python.TemplateAccess;
import dev.cantilever.chat.python.TemplateRefusal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Jinja's filters by their names; those that are not here are refused where they are reached. */
final class JinjaFilters {

  private JinjaFilters() {}

  /**
   * A filter's value.
   *
   * @param name the filter's
   * @param value what stands before it; null if undefined
   * @param a its arguments
   * @throws TemplateRefusal if it is not here or does not take them
   */
  static @Nullable Object filter(String name, @Nullable Object value, CallArguments a) {
    RenderDeadline.check();
    return switch (name) {
      case "default", "d" -> {
        a.only("default_value", "boolean");
        boolean isKept = a.flag(1, "boolean", false) ? PythonValues.truth(value) : value != null;
        yield isKept ? value : a.value(0, "default_value", "");
      }
      case "tojson" -> PythonJson.of(value, a);
      case "string" -> value instanceof Markup ? value : PythonText.printed(value);
      case "safe" -> value instanceof Markup ? value : new Markup(PythonText.printed(value));
      case "length", "count" -> PythonValues.length(value);
      case "abs" -> NumberFilters.abs(value);
      case "int" -> NumberFilters.whole(value, a);
      case "float" -> NumberFilters.real(value, a);
      case "round" -> NumberFilters.round(value, a);
      case "indent" -> TextFilters.indent(value, a);
      case "capitalize", "lower", "replace", "title", "trim", "upper" ->
          TextFilters.filter(name, text(value), a);
      case "map", "reject", "rejectattr", "select", "selectattr" ->
          ChoiceFilters.filter(name, value, a);
      case "dictsort", "max", "min", "sort", "unique" -> OrderFilters.filter(name, value, a);
      case "batch", "first", "items", "join", "last", "list", "reverse", "sum" ->
          ItemFilters.filter(name, value, a);
      default -> throw TemplateRefusal.unsupported("the filter " + name);
    };
  }

  private static String text(@Nullable Object value) {
    if (value instanceof Markup) {
      throw TemplateRefusal.unsupported("a filter of a safe string");
    }
    return PythonText.printed(value);
  }

  /**
   * The function of a filter's attribute= argument: a path of names and places.
   *
   * @param path a string with dots, or a number
   */
  static @Nullable Object attribute(@Nullable Object item, @Nullable Object path) {
    if (!(path instanceof String names)) {
      return TemplateAccess.item(item, path);
    }
    Object value = item;
    for (String name : List.of(names.split("\\.", -1))) {
      value = TemplateAccess.item(value, name.matches("[0-9]{1,9}") ? Long.valueOf(name) : name);
    }
    return value;
  }
}
