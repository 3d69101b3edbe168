package dev.cantilever.hub.torch;

import dev.cantilever.tensor.DType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a pickle can put on the stack. */
sealed interface PickleValue {

  /** What messages call it; never its contents. */
  default String kind() {
    return getClass().getSimpleName().toLowerCase(Locale.ROOT);
  }

  /** Where a run of arguments begins. */
  record Mark() implements PickleValue {}

  record None() implements PickleValue {}

  record Bool(boolean value) implements PickleValue {}

  record Whole(long value) implements PickleValue {}

  /** A float, of which nothing needs the value. */
  record Real() implements PickleValue {}

  record Text(String value) implements PickleValue {}

  record Tuple(List<PickleValue> items) implements PickleValue {}

  /** A list, of which nothing needs the items. */
  record Sequence() implements PickleValue {}

  /** A dict or OrderedDict. */
  final class Dict implements PickleValue {
    private final Map<String, PickleValue> items = new LinkedHashMap<>(4);

    Map<String, PickleValue> items() {
      return items;
    }
  }

  record Global(KnownGlobal name) implements PickleValue {}

  /**
   * Elements in an entry of the container.
   *
   * @param untyped whether elements are bytes of tensors of any type
   */
  record Storage(String key, DType type, boolean untyped, long elements) implements PickleValue {}

  /** A tensor or a parameter. */
  record View(Storage storage, DType type, long offset, List<Long> sizes, List<Long> strides)
      implements PickleValue {}
}
