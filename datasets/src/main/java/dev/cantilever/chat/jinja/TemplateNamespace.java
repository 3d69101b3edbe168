package dev.cantilever.chat.jinja;

import dev.cantilever.chat.python.TemplateObject;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What {@code namespace()} gives: names whose values a template may change from within a loop. */
final class TemplateNamespace implements TemplateObject {

  private final Map<String, @Nullable Object> values = new HashMap<>();

  @Override
  public @Nullable Object attribute(String name) {
    return values.get(name);
  }

  void set(String name, @Nullable Object value) {
    values.put(name, value);
  }
}
