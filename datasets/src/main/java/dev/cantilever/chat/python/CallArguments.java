package dev.cantilever.chat.python;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The arguments of a call in a template, by place or by name; null is an undefined value. */
public final class CallArguments {

  private final String callee;
  private final List<@Nullable Object> places;
  private final Map<String, @Nullable Object> names;

  /**
   * Makes them.
   *
   * @param callee what is called, as a message names it
   * @param places those without a name, in order
   * @param names the others
   */
  public CallArguments(
      String callee, List<@Nullable Object> places, Map<String, @Nullable Object> names) {
    this.callee = callee;
    this.places = places;
    this.names = names;
  }

  /**
   * What is called.
   *
   * @return as a message names it
   */
  public String callee() {
    return callee;
  }

  /**
   * Those without a name.
   *
   * @return the values in order
   */
  public List<@Nullable Object> places() {
    return places;
  }

  /**
   * Those with a name.
   *
   * @return the values by their names, in the order of the call
   */
  public Map<String, @Nullable Object> names() {
    return names;
  }

  /**
   * The same without the arguments of the first places.
   *
   * @param other what is called with them
   * @param place the first that stays
   * @return the others
   */
  public CallArguments from(String other, int place) {
    return new CallArguments(
        other, places.subList(Math.min(place, places.size()), places.size()), names);
  }

  /**
   * Refuses what would not be read.
   *
   * @param parameters their names in order; those that begin with * have no place, those that end
   *     with / no name
   * @return these
   * @throws TemplateRefusal if there are others
   */
  public CallArguments only(String... parameters) {
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

  /**
   * Whether an argument is given.
   *
   * @param place its place among those without a name; below zero if it has none
   * @param name its name
   * @return whether it is, undefined or not
   */
  public boolean has(int place, String name) {
    return place >= 0 && place < places.size() || names.containsKey(name);
  }

  /**
   * An argument.
   *
   * @param place its place among those without a name; below zero if it has none
   * @param name its name
   * @return its value; null where it is not given or undefined
   */
  public @Nullable Object value(int place, String name) {
    return place >= 0 && place < places.size() ? places.get(place) : names.get(name);
  }

  /**
   * An argument, or what stands for it.
   *
   * @param place its place among those without a name; below zero if it has none
   * @param name its name
   * @param otherwise what stands for one that is not given
   * @return the value
   */
  public @Nullable Object value(int place, String name, @Nullable Object otherwise) {
    return has(place, name) ? value(place, name) : otherwise;
  }

  /**
   * Whether an argument is not given, or none.
   *
   * @param place its place among those without a name; below zero if it has none
   * @param name its name
   * @return whether nothing is asked by it
   */
  public boolean isNone(int place, String name) {
    return !has(place, name) || value(place, name) == PythonNone.NONE;
  }

  /**
   * An argument that must be a string.
   *
   * @param place its place among those without a name; below zero if it has none
   * @param name its name
   * @return the string
   * @throws TemplateRefusal if it is not given, or another value
   */
  public String text(int place, String name) {
    if (!has(place, name)) {
      throw TemplateRefusal.failing(callee + " without its " + name);
    }
    return string(value(place, name));
  }

  /**
   * The same, or what stands for it.
   *
   * @param place its place among those without a name; below zero if it has none
   * @param name its name
   * @param otherwise what stands for one that is not given
   * @return the string
   * @throws TemplateRefusal if it is another value
   */
  public String text(int place, String name, String otherwise) {
    return has(place, name) ? string(value(place, name)) : otherwise;
  }

  /**
   * A truth value, or what stands for it.
   *
   * @param place its place among those without a name; below zero if it has none
   * @param name its name
   * @param otherwise what stands for one that is not given
   * @return whether the argument counts as true
   */
  public boolean flag(int place, String name, boolean otherwise) {
    return has(place, name) ? PythonValues.truth(value(place, name)) : otherwise;
  }

  /**
   * A whole number, or what stands for it.
   *
   * @param place its place among those without a name; below zero if it has none
   * @param name its name
   * @param otherwise what stands for one that is not given
   * @return the number
   * @throws TemplateRefusal if it is none, or beyond 32 bits
   */
  public int integer(int place, String name, int otherwise) {
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

  /**
   * A value of an argument that must be a string.
   *
   * @param value the value
   * @return the string
   * @throws TemplateRefusal if it is another value
   */
  public String string(@Nullable Object value) {
    if (value instanceof String text) {
      return text;
    }
    throw TemplateRefusal.failing(callee + " of " + PythonValues.kind(value));
  }
}
