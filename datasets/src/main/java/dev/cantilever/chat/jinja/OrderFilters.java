package dev.cantilever.chat.jinja;

import dev.cantilever.chat.python.CallArguments;
import dev.cantilever.chat.python.Generated;
import dev.cantilever.chat.python.PythonComparison;
import dev.cantilever.chat.python.PythonNone;
import dev.cantilever.chat.python.PythonTuple;
import dev.cantilever.chat.python.PythonValues;
import dev.cantilever.chat.python.RenderDeadline;
import dev.cantilever.chat.python.TemplateAccess;
import dev.cantilever.chat.python.TemplateRefusal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Jinja's filters that order items, by a key that forgets upper and lower case. */
final class OrderFilters {

  private OrderFilters() {}

  static @Nullable Object filter(String name, @Nullable Object value, CallArguments a) {
    return switch (name) {
      case "sort" -> sort(value, a.only("reverse", "case_sensitive", "attribute"));
      case "dictsort" -> sortPairs(value, a.only("case_sensitive", "by", "reverse"));
      case "unique" -> unique(value, a.only("case_sensitive", "attribute"));
      default -> extreme(value, name, a.only("case_sensitive", "attribute"));
    };
  }

  private static @Nullable Object key(
      @Nullable Object item, CallArguments a, int caseAt, int attributeAt) {
    Object attribute = a.value(attributeAt, "attribute", PythonNone.NONE);
    if (attribute instanceof String path && path.contains(",")) {
      throw TemplateRefusal.unsupported(a.callee() + " by several attributes");
    }
    Object key = attribute == PythonNone.NONE ? item : JinjaFilters.attribute(item, attribute);
    return a.flag(caseAt, "case_sensitive", false) ? key : lower(key);
  }

  private static @Nullable Object lower(@Nullable Object key) {
    return key instanceof String text ? text.toLowerCase(Locale.ROOT) : key;
  }

  private static Comparator<@Nullable Object> order(boolean isReversed) {
    Comparator<@Nullable Object> order = PythonComparison::order;
    return isReversed ? order.reversed() : order;
  }

  private static List<@Nullable Object> sort(@Nullable Object value, CallArguments a) {
    List<@Nullable Object> items = PythonValues.list(value);
    Comparator<@Nullable Object> order = order(a.flag(0, "reverse", false));
    items.sort((one, other) -> order.compare(key(one, a, 1, 2), key(other, a, 1, 2)));
    return items;
  }

  private static List<@Nullable Object> sortPairs(@Nullable Object value, CallArguments a) {
    if (!(value instanceof Map<?, ?> map)) {
      throw TemplateRefusal.failing("dictsort of " + PythonValues.kind(value));
    }
    String by = a.text(1, "by", "key");
    if (!by.equals("key") && !by.equals("value")) {
      throw TemplateRefusal.failing("dictsort by " + by);
    }
    int place = by.equals("key") ? 0 : 1;
    boolean isCaseKept = a.flag(0, "case_sensitive", false);
    Comparator<@Nullable Object> order = order(a.flag(2, "reverse", false));
    List<PythonTuple> pairs = TemplateAccess.pairs(map);
    pairs.sort(
        (one, other) ->
            order.compare(
                isCaseKept ? one.get(place) : lower(one.get(place)),
                isCaseKept ? other.get(place) : lower(other.get(place))));
    return new ArrayList<>(pairs);
  }

  private static Generated unique(@Nullable Object value, CallArguments a) {
    List<@Nullable Object> seen = new ArrayList<>();
    List<@Nullable Object> items = new ArrayList<>();
    for (Object item : PythonValues.list(value)) {
      RenderDeadline.check();
      Object key = key(item, a, 0, 1);
      if (key instanceof Map || PythonValues.isList(key)) {
        throw TemplateRefusal.failing("unique of " + PythonValues.kind(key));
      }
      if (!PythonComparison.contains(seen, key)) {
        seen.add(key);
        items.add(item);
      }
    }
    return Generated.of(items);
  }

  private static @Nullable Object extreme(@Nullable Object value, String name, CallArguments a) {
    List<@Nullable Object> items = PythonValues.list(value);
    Comparator<@Nullable Object> order = order(name.equals("min"));
    Object best = items.isEmpty() ? null : items.get(0);
    for (Object item : items) {
      best = order.compare(key(item, a, 0, 1), key(best, a, 0, 1)) > 0 ? item : best;
    }
    return best;
  }
}
