package dev.cantilever.chat.jinja;

import dev.cantilever.chat.python.TemplateRefusal;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Set;

/** Follows which blocks are open in a template, and refuses what opens or ends none. */
final class TagNesting {

  private static final Map<String, Set<String>> WITHIN =
      Map.of(
          "endif", Set.of("if", "elif", "else of if"),
          "elif", Set.of("if", "elif"),
          "else", Set.of("if", "elif", "for"),
          "endfor", Set.of("for", "else of for"),
          "endset", Set.of("set"),
          "endmacro", Set.of("macro"),
          "endgeneration", Set.of("generation"));
  private static final Set<String> OPENING = Set.of("if", "for", "macro", "generation");

  private final Deque<String> open = new ArrayDeque<>();

  /**
   * Takes the next tag.
   *
   * @param name the tag's
   * @param isBlockSet whether it is a {@code set} whose value is a block
   * @throws TemplateRefusal if it does not stand where Jinja allows it
   */
  void next(String name, boolean isBlockSet) {
    Set<String> within = WITHIN.get(name);
    if (within != null) {
      if (open.isEmpty() || !within.contains(open.peek())) {
        throw TemplateRefusal.failing("{% " + name + " %} where it ends nothing");
      }
      String block = open.pop();
      if (name.equals("else")) {
        open.push("else of " + (block.equals("for") ? "for" : "if"));
      } else if (name.equals("elif")) {
        open.push(name);
      }
    } else if (OPENING.contains(name) || isBlockSet) {
      open.push(name);
    } else if (!name.equals("set") && !isInLoop()) {
      throw TemplateRefusal.failing("{% " + name + " %} outside of a loop");
    }
  }

  /** A macro and a generation block are functions, which a loop around them does not reach into. */
  private boolean isInLoop() {
    for (String block : open) {
      if (block.equals("for")) {
        return true;
      }
      if (block.equals("macro") || block.equals("generation")) {
        return false;
      }
    }
    return false;
  }

  /** Whether what stands here is directly within an {@code if}, where Jinja checks less. */
  boolean isConditional() {
    return !open.isEmpty() && open.peek().matches("if|elif|else of if");
  }

  void end() {
    if (!open.isEmpty()) {
      throw TemplateRefusal.failing("a block {% " + open.peek() + " %} without its end");
    }
  }
}
