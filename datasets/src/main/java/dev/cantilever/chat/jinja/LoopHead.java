package dev.cantilever.chat.jinja;

import dev.cantilever.chat.python.PythonTuple;
import dev.cantilever.chat.python.PythonValues;
import dev.cantilever.chat.python.TemplateRefusal;
import org.jspecify.annotations.Nullable;

/**
 * What stands in a {@code for} tag.
 *
 * @param target the names that get the items
 * @param list the expression of what is gone through
 * @param condition the expression that an item must fulfil; empty if none
 */
record LoopHead(AssignmentTarget target, String list, String condition) {

  private static final String IN = "in";
  private static final String IF = "if";

  /**
   * Reads it.
   *
   * @throws TemplateRefusal if it is no head of a loop, or of one that calls itself
   */
  static LoopHead of(String head) {
    int in = TopLevel.indexOf(head, IN, 0);
    if (in < 0 || head.strip().endsWith(" recursive")) {
      throw TemplateRefusal.unsupported("{% for " + head.strip() + " %}");
    }
    AssignmentTarget target = AssignmentTarget.of(head.substring(0, in));
    if (target.names().contains("loop")) {
      throw TemplateRefusal.failing("a loop whose items are named loop");
    }
    int condition = TopLevel.indexOf(head, IF, in + IN.length());
    return new LoopHead(
        target,
        head.substring(in + IN.length(), condition < 0 ? head.length() : condition),
        condition < 0 ? "" : head.substring(condition + IF.length()));
  }

  /** An item as the loop tells it: its parts as a tuple, where a condition has looked at them. */
  @Nullable Object taken(@Nullable Object item) {
    return target.isTuple() && !condition.isEmpty()
        ? new PythonTuple(PythonValues.list(item))
        : item;
  }

  void check(boolean isConditional) {
    JinjaExpressions.check(list, isConditional);
    if (!condition.isEmpty()) {
      JinjaExpressions.check(condition, false);
    }
  }
}
