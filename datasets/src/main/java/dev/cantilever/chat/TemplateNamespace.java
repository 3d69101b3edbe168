package dev.cantilever.chat;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What {@code namespace()} gives: names whose values a template may change from within a loop. */
final class TemplateNamespace {

  private final Map<String, @Nullable Object> values = new HashMap<>();

  /** The value of a name, null where it is undefined. */
  @Nullable Object get(String name) {
    return values.get(name);
  }

  void set(String name, @Nullable Object value) {
    values.put(name, value);
  }
}
