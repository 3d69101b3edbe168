package dev.cantilever.chat.python;

import java.math.BigDecimal;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which values are equal, which comes first and which holds which, in Python. */
public final class PythonComparison {

  private PythonComparison() {}

  /**
   * {@code ==}: a number is no string, true is 1, a tuple is no list.
   *
   * @param first a value
   * @param second another
   * @return whether they are equal
   * @throws TemplateRefusal if that is not told here as Python tells it
   */
  public static boolean areEqual(@Nullable Object first, @Nullable Object second) {
    Object one = PythonValues.number(first);
    Object other = PythonValues.number(second);
    if (one != null && other != null) {
      return ofNumbers(one, other) == 0;
    }
    if (first instanceof List<?> a && second instanceof List<?> b) {
      return isSameKind(a, b) && a.size() == b.size() && haveEqualItems(a, b);
    }
    if (first instanceof Map<?, ?> a && second instanceof Map<?, ?> b) {
      return a.size() == b.size() && haveEqualValues(a, b);
    }
    if (first instanceof DictView) {
      throw TemplateRefusal.unsupported("a comparison of " + PythonValues.kind(first));
    }
    return Markup.plain(first) instanceof String text
        ? text.equals(Markup.plain(second))
        : first == second;
  }

  private static boolean haveEqualItems(List<?> first, List<?> second) {
    RenderDeadline.check();
    for (int i = 0; i < first.size(); i++) {
      if (!areEqual(first.get(i), second.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean haveEqualValues(Map<?, ?> first, Map<?, ?> second) {
    RenderDeadline.check();
    for (Map.Entry<?, ?> entry : first.entrySet()) {
      Object key = PythonValues.key(second, entry.getKey());
      if (key == null || !areEqual(entry.getValue(), second.get(key))) {
        return false;
      }
    }
    return true;
  }

  private static boolean isSameKind(List<?> first, List<?> second) {
    return PythonValues.isList(first)
        ? PythonValues.isList(second)
        : first.getClass() == second.getClass();
  }

  /**
   * Which of two values comes first.
   *
   * @param first a value
   * @param second another
   * @return below, at or above zero
   * @throws TemplateRefusal if Python does not order them
   */
  public static int order(@Nullable Object first, @Nullable Object second) {
    Object one = PythonValues.number(first);
    Object other = PythonValues.number(second);
    if (one != null && other != null) {
      return ofNumbers(one, other);
    }
    if (first instanceof String a && second instanceof String b) {
      return ofTexts(a, b);
    }
    if (first instanceof List<?> a
        && second instanceof List<?> b
        && isSameKind(a, b)
        && !(a instanceof PythonRange)) {
      Iterator<?> rest = b.iterator();
      for (Object item : a) {
        if (!rest.hasNext()) {
          return 1;
        }
        Object next = rest.next();
        if (!areEqual(item, next)) {
          return order(item, next);
        }
      }
      return rest.hasNext() ? -1 : 0;
    }
    throw TemplateRefusal.failing(
        "an order of " + PythonValues.kind(first) + " and " + PythonValues.kind(second));
  }

  /** By characters, not by halves of them. */
  private static int ofTexts(String first, String second) {
    int i = 0;
    while (i < first.length() && i < second.length()) {
      int a = first.codePointAt(i);
      int b = second.codePointAt(i);
      if (a != b) {
        return Integer.compare(a, b);
      }
      i += Character.charCount(a);
    }
    return Integer.compare(first.length(), second.length());
  }

  private static int ofNumbers(Object first, Object second) {
    if (first instanceof Long a && second instanceof Long b) {
      return Long.compare(a, b);
    }
    double a = ((Number) first).doubleValue();
    double b = ((Number) second).doubleValue();
    if (Double.isNaN(a) || Double.isNaN(b)) {
      throw TemplateRefusal.unsupported("a comparison with nan");
    }
    if (Double.isInfinite(a) || Double.isInfinite(b)) {
      return Double.compare(a, b);
    }
    return exact(first).compareTo(exact(second));
  }

  private static BigDecimal exact(Object number) {
    return number instanceof Long whole
        ? BigDecimal.valueOf(whole)
        : new BigDecimal((Double) number);
  }

  /**
   * {@code in}.
   *
   * @param container a string, a list, an object or what else can be gone through
   * @param item what is looked for
   * @return whether it is there
   * @throws TemplateRefusal if Python does not look it up there
   */
  public static boolean contains(@Nullable Object container, @Nullable Object item) {
    if (Markup.plain(container) instanceof String text) {
      if (Markup.plain(item) instanceof String part) {
        return text.contains(part);
      }
      throw TemplateRefusal.failing(PythonValues.kind(item) + " in a string");
    }
    if (container instanceof Map<?, ?> map) {
      return PythonValues.key(map, item) != null;
    }
    if (container instanceof DictView view && !view.method().equals("values")) {
      PythonValues.checkHashable(item);
    }
    Iterator<?> items = PythonValues.iterator(container);
    while (items.hasNext()) {
      if (areEqual(items.next(), item)) {
        return true;
      }
    }
    return false;
  }
}
