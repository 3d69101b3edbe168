package dev.cantilever.chat.python;

import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a filter gives that is a generator in Jinja: it can be gone through once, and no more.
 *
 * @param items what is left of it
 */
public record Generated(Iterator<? extends @Nullable Object> items) {

  /**
   * One that has yet to be gone through.
   *
   * @param items what it gives
   * @return the generator
   */
  public static Generated of(List<? extends @Nullable Object> items) {
    return new Generated(items.iterator());
  }
}
