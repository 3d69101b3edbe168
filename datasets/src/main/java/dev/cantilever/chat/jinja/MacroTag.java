package dev.cantilever.chat.jinja;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.tag.Tag;
import com.hubspot.jinjava.tree.TagNode;

/** {@code macro}: a function whose value is the text of its block. */
final class MacroTag implements Tag {

  private static final long serialVersionUID = 1L;

  private final transient Jinjava jinja;

  MacroTag(Jinjava jinja) {
    this.jinja = jinja;
  }

  @Override
  public String getName() {
    return "macro";
  }

  @Override
  public String interpret(TagNode tag, JinjavaInterpreter interpreter) {
    MacroHead head = MacroHead.of(tag.getHelpers());
    TemplateScope.set(head.name(), new Macro(head, tag, interpreter.getContext(), jinja));
    return "";
  }
}
