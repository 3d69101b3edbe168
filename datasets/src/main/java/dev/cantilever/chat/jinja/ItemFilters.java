package dev.cantilever.chat.jinja;

import dev.cantilever.chat.python.CallArguments;
import dev.cantilever.chat.python.Generated;
import dev.cantilever.chat.python.PythonOperators;
import dev.cantilever.chat.python.PythonStrings;
import dev.cantilever.chat.python.PythonText;
import dev.cantilever.chat.python.PythonValues;
import dev.cantilever.chat.python.TemplateAccess;
import dev.cantilever.chat.python.TemplateRefusal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Jinja's filters that read the items of a list. */
final class ItemFilters {

  private ItemFilters() {}

  static @Nullable Object filter(String name, @Nullable Object value, CallArguments a) {
    return switch (name) {
      case "join" -> join(value, a.only("d", "attribute"));
      case "sum" -> sum(value, a.only("attribute", "start"));
      case "batch" -> batch(value, a.only("linecount"));
      default -> withoutArguments(name, value, a.only());
    };
  }

  private static @Nullable Object withoutArguments(
      String name, @Nullable Object value, CallArguments none) {
    return switch (name) {
      case "list" -> PythonValues.list(value);
      case "first" -> first(value);
      case "last" -> last(value);
      case "items" -> items(value);
      case "reverse" -> reverse(value);
      default -> throw TemplateRefusal.unsupported(none.callee());
    };
  }

  private static @Nullable Object first(@Nullable Object value) {
    Iterator<?> items = PythonValues.iterator(value);
    return items.hasNext() ? items.next() : null;
  }

  private static @Nullable Object last(@Nullable Object value) {
    if (value instanceof Generated) {
      throw TemplateRefusal.failing("last of a generator");
    }
    if (value instanceof String text && !text.isEmpty()) {
      return Character.toString(text.codePointBefore(text.length()));
    }
    List<@Nullable Object> items = PythonValues.list(value);
    return items.isEmpty() ? null : items.get(items.size() - 1);
  }

  private static Generated items(@Nullable Object value) {
    if (value != null && !(value instanceof Map)) {
      throw TemplateRefusal.failing("items of " + PythonValues.kind(value));
    }
    return Generated.of(value instanceof Map<?, ?> map ? TemplateAccess.pairs(map) : List.of());
  }

  private static Object reverse(@Nullable Object value) {
    if (value instanceof String text) {
      return new StringBuilder(text).reverse().toString();
    }
    List<@Nullable Object> items = PythonValues.list(value);
    Collections.reverse(items);
    return value instanceof Generated ? items : Generated.of(items);
  }

  private static String join(@Nullable Object value, CallArguments a) {
    List<String> parts = new ArrayList<>();
    for (Object item : PythonValues.list(value)) {
      Object part =
          a.isNone(1, "attribute") ? item : JinjaFilters.attribute(item, a.value(1, "attribute"));
      parts.add(PythonText.printed(part));
    }
    return PythonStrings.joined(PythonText.printed(a.value(0, "d")), parts);
  }

  private static @Nullable Object sum(@Nullable Object value, CallArguments a) {
    Object sum = a.value(1, "start", 0L);
    for (Object item : PythonValues.list(value)) {
      Object part =
          a.isNone(0, "attribute") ? item : JinjaFilters.attribute(item, a.value(0, "attribute"));
      sum = PythonOperators.sum(sum, part);
    }
    return sum;
  }

  private static Generated batch(@Nullable Object value, CallArguments a) {
    int size = a.integer(0, "linecount", 0);
    if (size < 1) {
      throw TemplateRefusal.failing("batch without a number of items");
    }
    List<@Nullable Object> items = PythonValues.list(value);
    List<@Nullable Object> batches = new ArrayList<>();
    for (int i = 0; i < items.size(); i += size) {
      batches.add(new ArrayList<>(items.subList(i, Math.min(items.size(), i + size))));
    }
    return Generated.of(batches);
  }
}
