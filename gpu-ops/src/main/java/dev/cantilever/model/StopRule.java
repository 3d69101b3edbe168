package dev.cantilever.model;

import java.util.Set;

/**
 * When a response ends before its length: at the first of these tokens, which is kept.
 *
 * @param endOfText ids that end a text
 * @param stopTokens further ids that end a response
 */
public record StopRule(Set<Integer> endOfText, Set<Integer> stopTokens) {

  /** Copies the sets. */
  public StopRule {
    endOfText = Set.copyOf(endOfText);
    stopTokens = Set.copyOf(stopTokens);
  }

  /** Nothing stops a response but its length. */
  public static StopRule never() {
    return new StopRule(Set.of(), Set.of());
  }

  /** Whether there is none. */
  boolean isEmpty() {
    return endOfText.isEmpty() && stopTokens.isEmpty();
  }

  boolean ends(int token) {
    return endOfText.contains(token) || stopTokens.contains(token);
  }
}
