package dev.cantilever.chat;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.filter.Filter;
import org.jspecify.annotations.Nullable;

/** {@code trim}, which takes off what Python's strip does. */
final class StripFilter implements Filter {

  @Override
  public String getName() {
    return "trim";
  }

  @Override
  public Object filter(
      @Nullable Object value, JinjavaInterpreter interpreter, String... arguments) {
    if (arguments.length > 0) {
      throw TemplateRefusal.unsupported("trim with arguments");
    }
    return PythonStrings.strip(PythonText.printed(value));
  }
}
