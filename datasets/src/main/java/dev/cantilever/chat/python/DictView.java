package dev.cantilever.chat.python;

import java.util.AbstractCollection;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an object's {@code items()}, {@code keys()} or {@code values()} gives; it has no places. */
final class DictView extends AbstractCollection<@Nullable Object> {

  private final String method;
  private final List<? extends @Nullable Object> content;

  DictView(String method, List<? extends @Nullable Object> content) {
    this.method = method;
    this.content = content;
  }

  /** The method that gave it. */
  String method() {
    return method;
  }

  @Override
  public Iterator<@Nullable Object> iterator() {
    return new ArrayList<@Nullable Object>(content).iterator();
  }

  @Override
  public int size() {
    return content.size();
  }
}
