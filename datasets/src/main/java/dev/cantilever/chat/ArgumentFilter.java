package dev.cantilever.chat;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.filter.AdvancedFilter;
import com.hubspot.jinjava.lib.filter.Filter;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A filter of jinjava's that is given what Python's would see: values as text, or a text as its
 * characters. By a name it takes only arguments that jinjava puts in the right place.
 */
final class ArgumentFilter implements AdvancedFilter {

  private final Filter filter;
  private final UnaryOperator<Object> seen;
  private final Set<String> named;

  private ArgumentFilter(Filter filter, UnaryOperator<Object> seen, Set<String> named) {
    this.filter = filter;
    this.seen = seen;
    this.named = named;
  }

  /** One of texts: anything else becomes what Python writes. */
  static ArgumentFilter ofText(Filter filter, String... named) {
    return new ArgumentFilter(
        filter,
        value -> PythonText.isText(value) ? value : PythonText.printed(value),
        Set.of(named));
  }

  /** One of lists: a text is the list of its characters. */
  static ArgumentFilter ofItems(Filter filter, String... named) {
    return new ArgumentFilter(
        filter,
        value ->
            PythonText.isText(value)
                ? value.toString().codePoints().mapToObj(Character::toString).toList()
                : value,
        Set.of(named));
  }

  @Override
  public String getName() {
    return filter.getName();
  }

  @Override
  public @Nullable Object filter(
      @Nullable Object value,
      JinjavaInterpreter interpreter,
      Object[] arguments,
      Map<String, Object> byName) {
    for (String name : byName.keySet()) {
      if (!named.contains(name)) {
        throw TemplateRefusal.unsupported("the filter " + getName() + " with " + name + "=");
      }
    }
    return filter.filter(value == null ? null : seen.apply(value), interpreter, arguments, byName);
  }
}
