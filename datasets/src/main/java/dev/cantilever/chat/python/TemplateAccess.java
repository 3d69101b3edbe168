package dev.cantilever.chat.python;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a template may touch of a value: items of lists and objects, characters of strings, the
 * attributes of a {@link TemplateObject}, Python's methods of strings, and of lists and objects
 * those that change nothing, as in transformers' sandbox. No property or method of a Java object
 * can be reached.
 */
public final class TemplateAccess {

  private static final Set<String> OF_MAP =
      Set.of("copy", "fromkeys", "get", "items", "keys", "values");
  private static final Set<String> CHANGING_MAP =
      Set.of("clear", "pop", "popitem", "setdefault", "update");
  private static final Set<String> OF_LIST = Set.of("copy", "count", "index");

  private static final Set<String> OF_NUMBER =
      Set.of(
          ("as_integer_ratio bit_count bit_length conjugate denominator from_bytes fromhex hex imag"
                  + " is_integer numerator real to_bytes")
              .split(" "));

  private TemplateAccess() {}

  /**
   * {@code base.name}: the value's own method before an item of that name, as Jinja looks.
   *
   * @param base the value
   * @param name what is asked of it
   * @return what it is, null where it is undefined
   * @throws TemplateRefusal if the value is undefined, or this is not told here
   */
  public static @Nullable Object attribute(@Nullable Object base, String name) {
    Object method = method(known(base, name), name);
    if (method != null) {
      return method;
    }
    return base instanceof Map<?, ?> map && !CHANGING_MAP.contains(name) ? map.get(name) : null;
  }

  /**
   * {@code base[key]}: an item before a method, as Jinja looks.
   *
   * @param base the value
   * @param key a place or a name
   * @return what is there, null where it is undefined
   * @throws TemplateRefusal if the value is undefined, or this is not told here
   */
  public static @Nullable Object item(@Nullable Object base, @Nullable Object key) {
    Object whole = known(base, key instanceof String name ? name : "an item");
    if (whole instanceof Map<?, ?> map && !(key instanceof Map) && !PythonValues.isList(key)) {
      Object stored = PythonValues.key(map, key);
      if (stored != null) {
        return map.get(stored);
      }
    } else if (PythonValues.number(key) instanceof Long index) {
      return place(whole, index);
    }
    return key instanceof String method ? method(whole, method) : null;
  }

  private static @Nullable Object place(Object whole, long index) {
    if (!(whole instanceof String) && !(whole instanceof List<?>)) {
      return null;
    }
    long size = PythonValues.length(whole);
    long at = index < 0 ? index + size : index;
    if (at < 0 || at >= size) {
      return null;
    }
    return whole instanceof String text
        ? Character.toString(text.codePointAt(text.offsetByCodePoints(0, (int) at)))
        : ((List<?>) whole).get((int) at);
  }

  /** Refuses what is asked of an undefined value, or of Python's own machinery. */
  private static Object known(@Nullable Object base, String name) {
    if (base == null) {
      throw TemplateRefusal.failing(name + " of something that is undefined");
    }
    if (name.startsWith("__") && !(base instanceof Map)) {
      throw TemplateRefusal.unsupported(name + " of " + PythonValues.kind(base));
    }
    return base;
  }

  /** What a value has by itself under a name, without its items. */
  private static @Nullable Object method(Object base, String name) {
    if (base instanceof TemplateObject object) {
      return object.attribute(name);
    }
    boolean isMethod =
        base instanceof String && PythonStrings.isMethod(name)
            || base instanceof Map && OF_MAP.contains(name)
            || PythonValues.isList(base) && OF_LIST.contains(name)
            || base instanceof PythonTuple && OF_LIST.contains(name) && !name.equals("copy");
    boolean isNumber = base instanceof Number || base instanceof Boolean;
    if (isNumber && OF_NUMBER.contains(name)
        || base instanceof Markup
        || base instanceof TemplateFunction) {
      throw TemplateRefusal.unsupported("." + name + " of " + PythonValues.kind(base));
    }
    return isMethod ? (TemplateFunction) a -> invoked(base, name, a) : null;
  }

  /**
   * Calls a function, a macro or a method.
   *
   * @param callee what is called
   * @param arguments what stands in the brackets
   * @return its value
   * @throws TemplateRefusal if it cannot be called, or not so
   */
  public static @Nullable Object call(@Nullable Object callee, CallArguments arguments) {
    RenderDeadline.check();
    if (callee instanceof TemplateFunction function) {
      return function.call(arguments);
    }
    throw TemplateRefusal.failing("a call of " + PythonValues.kind(callee));
  }

  private static @Nullable Object invoked(Object base, String name, CallArguments arguments) {
    CallArguments a = arguments.from(name + "()", 0);
    if (base instanceof String text) {
      return PythonStrings.call(text, name, a);
    }
    return base instanceof Map<?, ?> map ? ofMap(map, name, a) : ofList((List<?>) base, name, a);
  }

  private static @Nullable Object ofMap(Map<?, ?> map, String name, CallArguments a) {
    a.only(name.equals("get") ? new String[] {"key/", "default/"} : new String[0]);
    return switch (name) {
      case "get" -> {
        if (!a.has(0, "key")) {
          throw TemplateRefusal.failing("get() without a key");
        }
        Object key = PythonValues.key(map, a.value(0, "key"));
        yield key == null ? a.value(1, "default", PythonNone.NONE) : map.get(key);
      }
      case "items" -> new DictView(name, pairs(map));
      case "keys" -> new DictView(name, new ArrayList<>(map.keySet()));
      case "values" -> new DictView(name, new ArrayList<>(map.values()));
      case "copy" -> new LinkedHashMap<>(map);
      default -> throw TemplateRefusal.unsupported("the method " + name + "()");
    };
  }

  /**
   * The keys and values of an object.
   *
   * @param map the object
   * @return a new list of pairs, in order
   */
  public static List<PythonTuple> pairs(Map<?, ?> map) {
    List<PythonTuple> pairs = new ArrayList<>();
    map.forEach((key, value) -> pairs.add(PythonTuple.of(key, value)));
    return pairs;
  }

  private static Object ofList(List<?> list, String name, CallArguments a) {
    if (name.equals("copy")) {
      a.only();
      return new ArrayList<>(list);
    }
    a.only("value/");
    if (!a.has(0, "value")) {
      throw TemplateRefusal.failing(name + "() without a value");
    }
    long count = 0;
    for (int i = 0; i < list.size(); i++) {
      if (PythonComparison.areEqual(list.get(i), a.value(0, "value"))) {
        if (name.equals("index")) {
          return (long) i;
        }
        count++;
      }
    }
    if (name.equals("index")) {
      throw TemplateRefusal.failing("index() of what a list does not hold");
    }
    return count;
  }
}
