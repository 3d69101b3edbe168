package dev.cantilever.chat.jinja;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import dev.cantilever.chat.python.CallArguments;
import dev.cantilever.chat.python.PythonComparison;
import dev.cantilever.chat.python.PythonTuple;
import dev.cantilever.chat.python.TemplateFunction;
import dev.cantilever.chat.python.TemplateObject;
import dev.cantilever.chat.python.TemplateRefusal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a loop tells its body as {@code loop}, and whether the body has left it. */
final class LoopState implements TemplateObject {

  /* No name of Jinja's has a dollar sign. */
  private static final String CURRENT = "$loop";

  private final List<@Nullable Object> items;
  private int place = -1;
  private boolean isTurnOver;
  private boolean isOver;
  private @Nullable List<@Nullable Object> seen;

  LoopState(List<@Nullable Object> items) {
    this.items = items;
  }

  /** The innermost loop, or null outside of any. */
  static @Nullable LoopState current(JinjavaInterpreter interpreter) {
    return interpreter.getContext().get(CURRENT) instanceof LoopState loop ? loop : null;
  }

  /** Hides the loop from a macro, which is outside of it wherever it is called. */
  static void hide(JinjavaInterpreter interpreter) {
    interpreter.getContext().put(CURRENT, false);
  }

  void enter(JinjavaInterpreter interpreter) {
    interpreter.getContext().put(CURRENT, this);
    interpreter.getContext().put("loop", this);
  }

  /** Goes to the next item. */
  boolean next() {
    isTurnOver = false;
    place++;
    return !isOver && place < items.size();
  }

  @Nullable Object item() {
    return items.get(place);
  }

  /** Ends the turn, and the loop too if it is {@code break}. */
  void leave(boolean isBreak) {
    isTurnOver = true;
    isOver |= isBreak;
  }

  boolean isTurnOver() {
    return isTurnOver;
  }

  @Override
  public @Nullable Object attribute(String name) {
    return switch (name) {
      case "index" -> place + 1L;
      case "index0" -> (long) place;
      case "revindex" -> (long) (items.size() - place);
      case "revindex0" -> items.size() - place - 1L;
      case "first" -> place == 0;
      case "last" -> place == items.size() - 1;
      case "length" -> (long) items.size();
      case "depth" -> 1L; // of loops that call themselves, which are not here
      case "depth0" -> 0L;
      case "previtem" -> place == 0 ? null : items.get(place - 1);
      case "nextitem" -> place + 1 < items.size() ? items.get(place + 1) : null;
      case "cycle" -> (TemplateFunction) this::cycle;
      case "changed" -> (TemplateFunction) this::isChanged;
      default -> null;
    };
  }

  private @Nullable Object cycle(CallArguments a) {
    if (a.places().isEmpty() || !a.names().isEmpty()) {
      throw TemplateRefusal.failing("loop.cycle() without values");
    }
    return a.places().get(place % a.places().size());
  }

  private boolean isChanged(CallArguments a) {
    PythonTuple values = new PythonTuple(a.places());
    boolean isChanged = seen == null || !PythonComparison.areEqual(seen, values);
    seen = values;
    return isChanged;
  }
}
