package dev.cantilever.chat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The arguments of a call in a template, by place or by name; null is an undefined value. */
final class CallArguments {

  private final String callee;
  private final List<@Nullable Object> places;
  private final Map<String, @Nullable Object> names;

  CallArguments(String callee, List<@Nullable Object> places, Map<String, @Nullable Object> names) {
    this.callee = callee;
    this.places = places;
    this.names = names;
  }

  /** What is called, as a message names it. */
  String callee() {
    return callee;
  }

  List<@Nullable Object> places() {
    return places;
  }

  Map<String, @Nullable Object> names() {
    return names;
  }

  /** The same without the arguments of the first places. */
  CallArguments from(String other, int place) {
    return new CallArguments(
        other, places.subList(Math.min(place, places.size()), places.size()), names);
  }

  /**
   * Refuses what would not be read.
   *
   * @param parameters their names in order; those that begin with * have no place, those that end
   *     with / no name
   */
  CallArguments only(String... parameters) {
    long placed = List.of(parameters).stream().filter(name -> !name.startsWith("*")).count();
    if (places.size() > placed) {
      throw TemplateRefusal.unsupported(callee + " with " + places.size() + " arguments");
    }
    Set<String> known = Set.of(parameters);
    for (String name : names.keySet()) {
      if (!known.contains(name) && !known.contains("*" + name)) {
        throw TemplateRefusal.unsupported(callee + " with " + name + "=");
      }
      for (int i = 0; i < places.size(); i++) {
        if (parameters[i].equals(name)) {
          throw TemplateRefusal.failing(callee + " with " + name + " twice");
        }
      }
    }
    return this;
  }

  boolean has(int place, String name) {
    return place >= 0 && place < places.size() || names.containsKey(name);
  }

  /** The argument at a place or of a name; null where it is not given or undefined. */
  @Nullable Object value(int place, String name) {
    return place >= 0 && place < places.size() ? places.get(place) : names.get(name);
  }

  /** An argument, or what stands for it. */
  @Nullable Object value(int place, String name, @Nullable Object otherwise) {
    return has(place, name) ? value(place, name) : otherwise;
  }

  boolean isNone(int place, String name) {
    return !has(place, name) || value(place, name) == PythonNone.NONE;
  }

  /** An argument that must be a string. */
  String text(int place, String name) {
    if (!has(place, name)) {
      throw TemplateRefusal.failing(callee + " without its " + name);
    }
    return string(value(place, name));
  }

  /** The same, or what stands for it. */
  String text(int place, String name, String otherwise) {
    return has(place, name) ? string(value(place, name)) : otherwise;
  }

  /** A truth value, or what stands for it. */
  boolean flag(int place, String name, boolean otherwise) {
    return has(place, name) ? PythonValues.truth(value(place, name)) : otherwise;
  }

  /** A whole number, or what stands for it. */
  int integer(int place, String name, int otherwise) {
    if (!has(place, name)) {
      return otherwise;
    }
    Object value = PythonValues.number(value(place, name));
    if (value instanceof Long number && number == number.intValue()) {
      return number.intValue();
    }
    throw TemplateRefusal.failing(
        callee + " of " + PythonValues.kind(value(place, name)) + " as " + name);
  }

  String string(@Nullable Object value) {
    if (value instanceof String text) {
      return text;
    }
    throw TemplateRefusal.failing(callee + " of " + PythonValues.kind(value));
  }
}
