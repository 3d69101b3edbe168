package dev.cantilever.chat.jinja;

import dev.cantilever.chat.python.CallArguments;
import dev.cantilever.chat.python.Generated;
import dev.cantilever.chat.python.PythonNone;
import dev.cantilever.chat.python.PythonValues;
import dev.cantilever.chat.python.TemplateRefusal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Jinja's filters that take some items of a list, or something of each. */
final class ChoiceFilters {

  private ChoiceFilters() {}

  static Generated filter(String name, @Nullable Object value, CallArguments a) {
    List<@Nullable Object> items =
        PythonValues.truth(value) ? PythonValues.list(value) : List.of(); // as Jinja asks first
    List<@Nullable Object> result = new ArrayList<>();
    if (name.equals("map")) {
      items.forEach(item -> result.add(mapped(item, a)));
      return Generated.of(result);
    }
    boolean isOfAttribute = name.endsWith("attr");
    boolean isTaken = name.startsWith("select");
    for (Object item : items) {
      Object tested = isOfAttribute ? JinjaFilters.attribute(item, required(a, 0)) : item;
      if (holds(tested, a, isOfAttribute ? 1 : 0) == isTaken) {
        result.add(item);
      }
    }
    return Generated.of(result);
  }

  /** {@code map(attribute=...)}, or a filter by its name. */
  private static @Nullable Object mapped(@Nullable Object item, CallArguments a) {
    if (a.places().isEmpty()) {
      a.only("*attribute", "*default");
      if (!a.has(-1, "attribute")) {
        throw TemplateRefusal.failing("map without a filter");
      }
      Object value = JinjaFilters.attribute(item, a.value(-1, "attribute"));
      return value == null && a.value(-1, "default", PythonNone.NONE) != PythonNone.NONE
          ? a.value(-1, "default")
          : value;
    }
    String filter = a.string(required(a, 0));
    return JinjaFilters.filter(filter, item, a.from("the filter " + filter, 1));
  }

  private static boolean holds(@Nullable Object tested, CallArguments a, int place) {
    if (a.places().size() <= place) {
      if (!a.names().isEmpty()) {
        throw TemplateRefusal.unsupported(a.callee() + " with names");
      }
      return PythonValues.truth(tested);
    }
    String test = a.string(a.places().get(place));
    return JinjaTests.holds(test, tested, a.from("the test " + test, place + 1));
  }

  private static @Nullable Object required(CallArguments a, int place) {
    if (a.places().size() <= place) {
      throw TemplateRefusal.failing(a.callee() + " without an argument");
    }
    return a.places().get(place);
  }
}
