package dev.cantilever.chat;

import com.hubspot.jinjava.el.JinjavaInterpreterResolver;
import com.hubspot.jinjava.lib.exptest.ExpTest;
import com.hubspot.jinjava.lib.filter.Filter;
import com.hubspot.jinjava.util.ForLoop;
import java.beans.FeatureDescriptor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELResolver;
import jinjava.javax.el.PropertyNotFoundException;
import org.jspecify.annotations.Nullable;

/**
 * What a template may touch of a value: items of lists and objects, characters of strings, what a
 * loop tells, Python's methods of strings, and of lists and objects those that change nothing, as
 * in transformers' sandbox. No property or method of a Java object can be reached.
 */
final class TemplateAccess extends ELResolver {

  private static final String SLICE = ExpressionDialect.SLICE_METHOD;

  private final ELResolver items = JinjavaInterpreterResolver.DEFAULT_RESOLVER_READ_ONLY;

  @Override
  public @Nullable Object getValue(
      ELContext context, @Nullable Object base, @Nullable Object property) {
    if (base == null || property == null) {
      return null;
    }
    if (base instanceof Map || base instanceof List) {
      return items.getValue(context, base, property);
    }
    context.setPropertyResolved(true);
    if (base instanceof String text) {
      return character(text, property.toString());
    }
    if (base instanceof ForLoop) {
      try {
        return items.getValue(context, base, property);
      } catch (PropertyNotFoundException e) {
        throw TemplateRefusal.unsupported("loop." + property);
      }
    }
    return null;
  }

  @Override
  public @Nullable Object invoke(
      ELContext context,
      @Nullable Object base,
      Object method,
      Class<?> @Nullable [] types,
      Object @Nullable [] parameters) {
    if (base instanceof Filter || base instanceof ExpTest) {
      return items.invoke(context, base, method, types, parameters);
    }
    context.setPropertyResolved(true);
    String name = method.toString();
    MethodArguments arguments = MethodArguments.of(name, parameters);
    if (base instanceof String text) {
      return name.equals(SLICE)
          ? String.join(
              "", sliced(text.codePoints().mapToObj(Character::toString).toList(), arguments))
          : PythonStrings.call(text, arguments);
    }
    if (base instanceof List<?> list && name.equals(SLICE)) {
      return sliced(list, arguments);
    }
    if (base instanceof Map<?, ?> map) {
      return of(map, arguments);
    }
    if (base instanceof Collection<?> list) {
      return of(list, arguments);
    }
    throw TemplateRefusal.unsupported("the method " + name + "()");
  }

  private static @Nullable Object character(String text, String index) {
    if (!index.matches("-?[0-9]{1,9}")) {
      return null;
    }
    int[] characters = text.codePoints().toArray();
    int i = Integer.parseInt(index);
    int at = i < 0 ? i + characters.length : i;
    return at < 0 || at >= characters.length ? null : Character.toString(characters[at]);
  }

  private static @Nullable Object of(Map<?, ?> map, MethodArguments arguments) {
    return switch (arguments.method()) {
      case "get" -> {
        String key = arguments.text(0, "key");
        yield map.containsKey(key) ? map.get(key) : arguments.value(1, "default");
      }
      case "items" -> new ArrayList<>(map.entrySet());
      case "keys" -> new ArrayList<>(map.keySet());
      case "values" -> new ArrayList<>(map.values());
      default -> throw TemplateRefusal.unsupported("the method " + arguments.method() + "()");
    };
  }

  private static Object of(Collection<?> list, MethodArguments arguments) {
    Object value = arguments.value(0, "value");
    return switch (arguments.method()) {
      case "count" -> (long) Collections.frequency(list, value);
      case "index" -> (long) new ArrayList<>(list).indexOf(value);
      default -> throw TemplateRefusal.unsupported("the method " + arguments.method() + "()");
    };
  }

  /** Python's slice; absent parts come as null. */
  private static <T> List<T> sliced(List<T> list, MethodArguments arguments) {
    int size = list.size();
    int step = arguments.integer(2, "step", 1);
    if (step == 0) {
      throw TemplateRefusal.unsupported("a slice whose step is 0");
    }
    int low = step > 0 ? 0 : -1;
    int high = step > 0 ? size : size - 1;
    int from = bound(arguments.integer(0, "start", step > 0 ? 0 : size), size, low, high);
    int to =
        arguments.isAbsent(1)
            ? step > 0 ? size : -1
            : bound(arguments.integer(1, "stop", 0), size, low, high);
    List<T> slice = new ArrayList<>();
    for (int i = from; step > 0 ? i < to : i > to; i += step) {
      slice.add(list.get(i));
    }
    return slice;
  }

  private static int bound(int index, int size, int low, int high) {
    return Math.max(low, Math.min(high, index < 0 ? index + size : index));
  }

  @Override
  public Class<?> getType(ELContext context, Object base, Object property) {
    return Object.class;
  }

  @Override
  public boolean isReadOnly(ELContext context, Object base, Object property) {
    return true;
  }

  @Override
  public void setValue(ELContext context, Object base, Object property, Object value) {
    throw TemplateRefusal.unsupported("a change of " + property);
  }

  @Override
  public Iterator<FeatureDescriptor> getFeatureDescriptors(ELContext context, Object base) {
    return Set.<FeatureDescriptor>of().iterator();
  }

  @Override
  public Class<?> getCommonPropertyType(ELContext context, Object base) {
    return Object.class;
  }
}
