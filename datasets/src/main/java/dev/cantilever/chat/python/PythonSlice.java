package dev.cantilever.chat.python;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Python's slices of strings, lists and tuples. */
public final class PythonSlice {

  private PythonSlice() {}

  /**
   * A slice.
   *
   * @param value what it is taken of
   * @param bounds where it begins, where it ends and its step, none where they are not given
   * @return the part
   * @throws TemplateRefusal if the value has no slices
   */
  public static Object of(@Nullable Object value, List<@Nullable Object> bounds) {
    for (Object bound : bounds) {
      if (bound != PythonNone.NONE && !(PythonValues.number(bound) instanceof Long)) {
        throw TemplateRefusal.failing("a slice from or to " + PythonValues.kind(bound));
      }
    }
    if (value instanceof String text) {
      int[] characters = text.codePoints().toArray();
      StringBuilder slice = new StringBuilder();
      places(characters.length, bounds).forEach(i -> slice.appendCodePoint(characters[i]));
      return slice.toString();
    }
    if (value instanceof PythonTuple tuple) {
      return new PythonTuple(sliced(tuple, bounds));
    }
    if (value instanceof PythonRange) {
      throw TemplateRefusal.unsupported("a slice of a range; it wants |list");
    }
    if (value instanceof List<?> list) {
      return sliced(list, bounds);
    }
    throw TemplateRefusal.failing("a slice of " + PythonValues.kind(value));
  }

  private static List<@Nullable Object> sliced(List<?> list, List<@Nullable Object> bounds) {
    List<@Nullable Object> slice = new ArrayList<>();
    places(list.size(), bounds).forEach(i -> slice.add(list.get(i)));
    return slice;
  }

  /** The places that a slice takes. */
  private static IntStream places(int size, List<@Nullable Object> bounds) {
    long step = bounds.size() > 2 ? bound(bounds.get(2), 1) : 1;
    if (step == 0) {
      throw TemplateRefusal.failing("a slice whose step is 0");
    }
    long low = step > 0 ? 0 : -1;
    long high = step > 0 ? size : size - 1;
    long from = clamped(bounds.get(0), step > 0 ? low : high, size, low, high);
    Object stop = bounds.size() > 1 ? bounds.get(1) : PythonNone.NONE;
    long to = clamped(stop, step > 0 ? high : low, size, low, high);
    return LongStream.iterate(from, i -> step > 0 ? i < to : i > to, i -> i + step)
        .mapToInt(Math::toIntExact);
  }

  private static long clamped(
      @Nullable Object bound, long otherwise, int size, long low, long high) {
    if (bound == PythonNone.NONE) {
      return otherwise;
    }
    long index = bound(bound, 0);
    return Math.max(low, Math.min(high, index < 0 ? index + size : index));
  }

  private static long bound(@Nullable Object bound, long otherwise) {
    return PythonValues.number(bound) instanceof Long index
        ? Math.max(-TemplateBounds.CHARS, Math.min(TemplateBounds.CHARS, index))
        : otherwise;
  }
}
