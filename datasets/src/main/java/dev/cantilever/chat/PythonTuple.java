package dev.cantilever.chat;

import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A tuple of Python's, which is written otherwise than a list and never equals one. */
final class PythonTuple extends AbstractList<@Nullable Object> {

  private final List<@Nullable Object> items;

  PythonTuple(List<? extends @Nullable Object> items) {
    this.items = new ArrayList<>(items);
  }

  static PythonTuple of(@Nullable Object... items) {
    return new PythonTuple(Arrays.asList(items));
  }

  @Override
  public @Nullable Object get(int index) {
    return items.get(index);
  }

  @Override
  public int size() {
    return items.size();
  }
}
