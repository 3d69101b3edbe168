package dev.cantilever.chat;

import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a filter gives that is a generator in Jinja: it can be gone through once, and no more. */
record Generated(Iterator<? extends @Nullable Object> items) {

  static Generated of(List<? extends @Nullable Object> items) {
    return new Generated(items.iterator());
  }
}
