package dev.cantilever.recipe;

import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;

/** What to say of a key that does not exist: the nearest that does, and all of them. */
final class UnknownKey {
  private UnknownKey() {}

  static String message(String key, Collection<String> legal) {
    if (legal.isEmpty()) {
      return "unknown key '" + key + "'; there are no keys here";
    }
    String nearest = Collections.min(legal, Comparator.comparingInt(k -> distance(key, k)));
    return "unknown key '"
        + key
        + "'; the nearest is '"
        + nearest
        + "' (legal: "
        + String.join(", ", legal)
        + ")";
  }

  /** Levenshtein's distance, one row at a time. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substitute = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substitute, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
