package dev.cantilever.chat;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.filter.Filter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code items}: the keys and values of an object; nothing of what is undefined. */
final class ItemsFilter implements Filter {

  @Override
  public String getName() {
    return "items";
  }

  @Override
  public Object filter(
      @Nullable Object value, JinjavaInterpreter interpreter, String... arguments) {
    if (value == null) {
      return List.of();
    }
    if (value instanceof Map<?, ?> map) {
      return new ArrayList<>(map.entrySet());
    }
    throw TemplateRefusal.unsupported("items of something that is no object");
  }
}
