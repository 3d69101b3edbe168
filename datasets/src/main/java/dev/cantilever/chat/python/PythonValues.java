package dev.cantilever.chat.python;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The values of a template as Python has them: {@link PythonNone}, Boolean, Long, Double, String,
 * List, {@link PythonTuple}, Map and what this package adds; null is what is undefined.
 */
public final class PythonValues {

  private PythonValues() {}

  /**
   * A value of JSON's.
   *
   * @param value as Jackson reads it
   * @return as a template sees it
   */
  public static Object ofJson(@Nullable Object value) {
    if (value == null) {
      return PythonNone.NONE;
    }
    if (value instanceof Integer || value instanceof Short) {
      return ((Number) value).longValue();
    }
    if (value instanceof List<?> list) {
      List<@Nullable Object> items = new ArrayList<>();
      list.forEach(item -> items.add(ofJson(item)));
      return items;
    }
    if (value instanceof Map<?, ?> map) {
      Map<@Nullable Object, @Nullable Object> entries = new LinkedHashMap<>();
      map.forEach((key, item) -> entries.put(key, ofJson(item)));
      return entries;
    }
    return value;
  }

  /**
   * Whether a value counts as true.
   *
   * @param value the value
   * @return what bool() says
   */
  public static boolean truth(@Nullable Object value) {
    if (value instanceof Boolean truth) {
      return truth;
    }
    if (value instanceof Number number) {
      return number.doubleValue() != 0;
    }
    if (value instanceof String text) {
      return !text.isEmpty();
    }
    if (value instanceof Markup markup) {
      return !markup.text().isEmpty();
    }
    if (value instanceof Collection<?> list) {
      return !list.isEmpty();
    }
    if (value instanceof Map<?, ?> map) {
      return !map.isEmpty();
    }
    return value != null && value != PythonNone.NONE;
  }

  /**
   * A value as a number; true counts as 1.
   *
   * @param value the value
   * @return a Long or Double, null where it is no number
   * @throws TemplateRefusal if it is a number beyond 64 bits
   */
  public static @Nullable Object number(@Nullable Object value) {
    if (value instanceof Boolean truth) {
      return truth ? 1L : 0L;
    }
    if (value instanceof BigInteger) {
      throw TemplateRefusal.unsupported("a whole number beyond 64 bits");
    }
    return value instanceof Long || value instanceof Double ? value : null;
  }

  /**
   * Whether a value is a list of Python's.
   *
   * @param value the value
   * @return whether it is, and neither a tuple nor a range
   */
  public static boolean isList(@Nullable Object value) {
    return value instanceof List<?>
        && !(value instanceof PythonTuple)
        && !(value instanceof PythonRange);
  }

  /**
   * What a loop goes through.
   *
   * @param value the value
   * @return its items, characters or keys
   * @throws TemplateRefusal if there is nothing to go through
   */
  public static Iterator<? extends @Nullable Object> iterator(@Nullable Object value) {
    if (value == null) {
      return List.of().iterator();
    }
    if (value instanceof String text) {
      return text.codePoints().mapToObj(Character::toString).iterator();
    }
    if (value instanceof Collection<?> list) {
      return list.iterator();
    }
    if (value instanceof Map<?, ?> map) {
      return map.keySet().iterator();
    }
    if (value instanceof Generated generated) {
      return generated.items();
    }
    throw TemplateRefusal.failing("a loop through " + kind(value));
  }

  /**
   * What a loop goes through, as a list.
   *
   * @param value the value
   * @return a new list
   * @throws TemplateRefusal if there is nothing to go through, or too much
   */
  public static List<@Nullable Object> list(@Nullable Object value) {
    List<@Nullable Object> items = new ArrayList<>();
    Iterator<?> rest = iterator(value);
    while (rest.hasNext()) {
      items.add(rest.next());
      TemplateBounds.checked(items);
    }
    return items;
  }

  /**
   * What {@code len()} says.
   *
   * @param value the value
   * @return the number of items or characters
   * @throws TemplateRefusal if it has no length
   */
  public static long length(@Nullable Object marked) {
    Object value = Markup.plain(marked);
    if (value == null) {
      return 0;
    }
    if (value instanceof String text) {
      return text.codePointCount(0, text.length());
    }
    if (value instanceof Collection<?> list) {
      return list.size();
    }
    if (value instanceof Map<?, ?> map) {
      return map.size();
    }
    throw TemplateRefusal.failing("the length of " + kind(value));
  }

  /** Refuses what Python does not look up. */
  static void checkHashable(@Nullable Object value) {
    if (value instanceof PythonTuple tuple) {
      tuple.forEach(PythonValues::checkHashable);
    } else if (value instanceof Map || isList(value) || value instanceof DictView) {
      throw TemplateRefusal.failing("a key that is " + kind(value));
    }
  }

  /**
   * The key of an object that equals a value.
   *
   * @param map the object
   * @param value the value
   * @return the key, or null
   * @throws TemplateRefusal if Python does not look such a value up
   */
  public static @Nullable Object key(Map<?, ?> map, @Nullable Object value) {
    if (value instanceof String) {
      return map.containsKey(value) ? value : null;
    }
    checkHashable(value);
    for (Object key : map.keySet()) {
      if (PythonComparison.areEqual(key, value)) {
        return key;
      }
    }
    return null;
  }

  /**
   * What a message calls a value.
   *
   * @param value the value
   * @return its kind with an article
   */
  public static String kind(@Nullable Object value) {
    if (value == null) {
      return "an undefined value";
    }
    if (value == PythonNone.NONE) {
      return "none";
    }
    if (value instanceof String) {
      return "a string";
    }
    if (value instanceof Number || value instanceof Boolean) {
      return "a number";
    }
    if (value instanceof Map<?, ?>) {
      return "an object";
    }
    if (value instanceof Generated) {
      return "a generator";
    }
    if (value instanceof Markup) {
      return "a safe string";
    }
    return value instanceof Collection<?> ? "a list" : "something else";
  }
}
