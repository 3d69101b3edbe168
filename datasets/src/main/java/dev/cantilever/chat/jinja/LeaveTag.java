package dev.cantilever.chat.jinja;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.tag.Tag;
import com.hubspot.jinjava.tree.TagNode;
import dev.cantilever.chat.python.TemplateRefusal;
import org.jspecify.annotations.Nullable;

/** {@code break} and {@code continue}. */
final class LeaveTag implements Tag {

  private static final long serialVersionUID = 1L;

  private final boolean isBreak;

  LeaveTag(boolean isBreak) {
    this.isBreak = isBreak;
  }

  @Override
  public String getName() {
    return isBreak ? "break" : "continue";
  }

  @Override
  public @Nullable String getEndTagName() {
    return null;
  }

  @Override
  public String interpret(TagNode tag, JinjavaInterpreter interpreter) {
    LoopState loop = LoopState.current(interpreter);
    if (loop == null) {
      throw TemplateRefusal.failing(getName() + " outside of a loop");
    }
    loop.leave(isBreak);
    return "";
  }
}
