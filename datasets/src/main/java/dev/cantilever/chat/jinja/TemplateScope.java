package dev.cantilever.chat.jinja;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import dev.cantilever.chat.python.Generated;
import dev.cantilever.chat.python.Markup;
import dev.cantilever.chat.python.PythonNone;
import dev.cantilever.chat.python.TemplateFunction;
import dev.cantilever.chat.python.TemplateObject;
import dev.cantilever.chat.python.TemplateRefusal;
import java.math.BigInteger;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The names that a template sees where it is being rendered. */
final class TemplateScope {

  /* Jinjava keeps values of its own under names like these. */
  private static final String RESERVED = "__";

  /* Stands in a scope for what is undefined there, or the scope around it would be asked. */
  private static final Object UNDEFINED = new Object();

  private TemplateScope() {}

  /** The value of a name; null where it is undefined, or is none of a template's. */
  static @Nullable Object value(String name) {
    Object value =
        name.startsWith(RESERVED) ? null : JinjavaInterpreter.getCurrent().getContext().get(name);
    return isTemplates(value) ? value : null;
  }

  static void set(String name, @Nullable Object value) {
    if (name.startsWith(RESERVED) || !name.matches("[\\p{L}_][\\p{L}\\p{N}_]*")) {
      throw TemplateRefusal.unsupported("a value for the name " + name);
    }
    JinjavaInterpreter.getCurrent().getContext().put(name, value == null ? UNDEFINED : value);
  }

  private static boolean isTemplates(@Nullable Object value) {
    return value instanceof String
        || value instanceof Boolean
        || value instanceof Long
        || value instanceof Double
        || value instanceof BigInteger
        || value instanceof Collection<?>
        || value instanceof Map<?, ?>
        || value instanceof PythonNone
        || value instanceof Generated
        || value instanceof Markup
        || value instanceof TemplateFunction
        || value instanceof TemplateObject;
  }
}
