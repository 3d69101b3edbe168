package dev.cantilever.chat.python;

import org.jspecify.annotations.Nullable;

/** Something that a template may call. */
public interface TemplateFunction {

  /**
   * Calls it.
   *
   * @param arguments what stands in the brackets
   * @return its value
   * @throws TemplateRefusal if they are not what it takes
   */
  @Nullable Object call(CallArguments arguments);
}
