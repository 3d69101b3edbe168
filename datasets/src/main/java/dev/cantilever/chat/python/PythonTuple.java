package dev.cantilever.chat.python;

import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A tuple of Python's, which is written otherwise than a list and never equals one. */
public final class PythonTuple extends AbstractList<@Nullable Object> {

  private final List<@Nullable Object> items;

  /**
   * Makes one.
   *
   * @param items what it holds, copied
   */
  public PythonTuple(List<? extends @Nullable Object> items) {
    this.items = new ArrayList<>(items);
  }

  /**
   * Makes one.
   *
   * @param items what it holds
   * @return the tuple
   */
  public static PythonTuple of(@Nullable Object... items) {
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
