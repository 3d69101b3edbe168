package dev.cantilever.tokenizer;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Tells regular expressions apart whose search may take a time without bound: those with a group
 * repeated as often as there is text, in which something is repeated so too or alternatives stand.
 * No known tokenizer cuts words by such a group.
 */
final class PatternCheck {

  private PatternCheck() {}

  static boolean isBounded(String pattern) {
    Deque<Boolean> open =
        new ArrayDeque<>(); // of each group, whether it holds what must not repeat
    boolean holds = false;
    boolean closed = false; // whether a group that holds it ends here
    for (int i = 0; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      boolean repeats = c == '*' || c == '+' || c == '{' && isOpen(pattern, i);
      if (repeats && closed) {
        return false;
      }
      closed = false;
      if (c == '\\') {
        i = endOfEscape(pattern, i);
      } else if (c == '[') {
        i = endOfClass(pattern, i);
      } else if (c == '(') {
        open.push(holds);
        holds = false;
      } else if (c == ')') {
        closed = holds;
        holds |= !open.isEmpty() && open.pop();
      } else {
        holds |= repeats || c == '|';
      }
    }
    return true;
  }

  /** The last character of an escape, as in {@code \\s} or {@code \\p{L}}. */
  private static int endOfEscape(String pattern, int start) {
    boolean braced =
        pattern.startsWith("{", start + 2) && "pPx".indexOf(pattern.charAt(start + 1)) >= 0;
    int end = braced ? pattern.indexOf('}', start) : -1;
    return end < 0 ? start + 1 : end;
  }

  /** Whether a number of repetitions has no upper bound, as {@code {2,}}, or a large one. */
  private static boolean isOpen(String pattern, int brace) {
    int end = pattern.indexOf('}', brace);
    return end > brace && !pattern.substring(brace + 1, end).matches("[0-9]{1,2}(,[0-9]{1,2})?");
  }

  /** The bracket that ends a class, in which others may stand. */
  private static int endOfClass(String pattern, int start) {
    int depth = 0;
    for (int i = start; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == '[') {
        depth++;
      } else if (c == ']'
          && i > start + 1
          && !(i == start + 2 && pattern.charAt(start + 1) == '^')) {
        depth--;
        if (depth == 0) {
          return i;
        }
      }
    }
    return pattern.length();
  }
}
