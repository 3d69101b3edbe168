package dev.cantilever.chat;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.filter.AdvancedFilter;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Stands for a filter that is not here, and refuses when it is reached; jinjava passes over it. */
final class UnknownFilter implements AdvancedFilter {

  private final String name;

  UnknownFilter(String name) {
    this.name = name;
  }

  @Override
  public String getName() {
    return name;
  }

  @Override
  public Object filter(
      @Nullable Object value,
      JinjavaInterpreter interpreter,
      Object[] arguments,
      Map<String, Object> named) {
    throw TemplateRefusal.unsupported("the filter " + name);
  }
}
