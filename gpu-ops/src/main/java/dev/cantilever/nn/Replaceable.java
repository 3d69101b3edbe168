package dev.cantilever.nn;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Something of the base, in whose place adapters may have their own.
 *
 * @param <T> what it is
 */
final class Replaceable<T> {

  private final T base;
  private final Map<String, T> replacements = new LinkedHashMap<>();

  /** What acts where no adapter brings its own. */
  Replaceable(T base) {
    this.base = base;
  }

  /** What acts where some adapters do: that of the one attached last among them, or the base's. */
  T acting(Set<String> adapters) {
    T found = base;
    for (Map.Entry<String, T> replacement : replacements.entrySet()) {
      if (adapters.contains(replacement.getKey())) {
        found = replacement.getValue();
      }
    }
    return found;
  }

  /** Attaches an adapter's own. */
  void replace(String adapter, T own) {
    replacements.put(adapter, own);
  }

  /** Whether some adapter has its own. */
  boolean isReplaced() {
    return !replacements.isEmpty();
  }

  /** Whether an adapter of this name has. */
  boolean isAttached(String adapter) {
    return replacements.containsKey(adapter);
  }

  /** Detaches an adapter's own. */
  void detach(String adapter) {
    replacements.remove(adapter);
  }
}
