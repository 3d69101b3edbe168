package dev.cantilever.chat.python;

import org.jspecify.annotations.Nullable;

/** What a template sees as an object of its own kind: attributes, and neither items nor text. */
public interface TemplateObject {

  /**
   * An attribute, which is all that can be asked of it.
   *
   * @param name the attribute's
   * @return its value, null where it is undefined
   */
  @Nullable Object attribute(String name);
}
