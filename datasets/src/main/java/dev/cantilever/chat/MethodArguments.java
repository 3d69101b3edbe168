package dev.cantilever.chat;

import com.hubspot.jinjava.el.ext.NamedParameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The arguments of a method call in a template, by place or by name. */
final class MethodArguments {

  private final String method;
  private final List<@Nullable Object> places;
  private final Map<String, @Nullable Object> names;

  private MethodArguments(
      String method, List<@Nullable Object> places, Map<String, @Nullable Object> names) {
    this.method = method;
    this.places = places;
    this.names = names;
  }

  static MethodArguments of(String method, Object @Nullable [] parameters) {
    List<@Nullable Object> places = new ArrayList<>();
    Map<String, @Nullable Object> names = new HashMap<>();
    for (Object parameter : parameters == null ? List.of() : Arrays.asList(parameters)) {
      if (parameter instanceof NamedParameter named) {
        names.put(named.getName(), named.getValue());
      } else {
        places.add(parameter);
      }
    }
    return new MethodArguments(method, places, names);
  }

  String method() {
    return method;
  }

  int count() {
    return places.size() + names.size();
  }

  /** The argument at a place or of a name; null where it is not given or none. */
  @Nullable Object value(int place, String name) {
    return place < places.size() ? places.get(place) : names.get(name);
  }

  boolean isAbsent(int place) {
    return place >= places.size() || places.get(place) == null;
  }

  /** An argument that must be a string. */
  String text(int place, String name) {
    Object value = value(place, name);
    if (value == null) {
      throw TemplateRefusal.unsupported(method + "() without its " + name);
    }
    return string(value);
  }

  /** A whole number, or what stands for it. */
  int integer(int place, String name, int otherwise) {
    Object value = value(place, name);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof Number number && number.longValue() == number.intValue()) {
      return number.intValue();
    }
    throw TemplateRefusal.unsupported(method + "() of " + value);
  }

  String string(Object value) {
    if (value instanceof CharSequence text) {
      return text.toString();
    }
    throw TemplateRefusal.unsupported(method + "() of " + value);
  }
}
