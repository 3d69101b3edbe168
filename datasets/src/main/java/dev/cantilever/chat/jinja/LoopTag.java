package dev.cantilever.chat.jinja;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.interpret.JinjavaInterpreter.InterpreterScopeClosable;
import com.hubspot.jinjava.lib.tag.Tag;
import com.hubspot.jinjava.tree.Node;
import com.hubspot.jinjava.tree.TagNode;
import com.hubspot.jinjava.util.LengthLimitingStringBuilder;
import dev.cantilever.chat.python.PythonValues;
import dev.cantilever.chat.python.TemplateBounds;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code for} by Jinja's rules: each turn has a scope of its own, so that what is set in it is gone
 * in the next; {@code if} behind the list takes items before they are counted; {@code else} is for
 * a list without items.
 */
final class LoopTag implements Tag {

  private static final long serialVersionUID = 1L;

  @Override
  public String getName() {
    return "for";
  }

  @Override
  public String interpret(TagNode tag, JinjavaInterpreter interpreter) {
    LoopHead head = LoopHead.of(tag.getHelpers());
    List<@Nullable Object> items = new ArrayList<>();
    Iterator<?> all = PythonValues.iterator(TagBody.value(head.list(), tag, interpreter));
    while (all.hasNext()) {
      Object item = head.taken(all.next());
      if (head.condition().isEmpty() || holds(head, item, tag, interpreter)) {
        items.add(item);
      }
    }
    TemplateBounds.checked(items);
    List<Node> children = new ArrayList<>(tag.getChildren());
    int otherwise = 0;
    while (otherwise < children.size() && !TagBody.isTag(children.get(otherwise), "else")) {
      otherwise++;
    }
    if (!items.isEmpty()) {
      return turns(head.target(), items, children.subList(0, otherwise), interpreter);
    }
    return otherwise < children.size()
        ? TagBody.renderInScope(children.subList(otherwise + 1, children.size()), interpreter)
        : "";
  }

  private static String turns(
      AssignmentTarget target,
      List<@Nullable Object> items,
      List<Node> body,
      JinjavaInterpreter interpreter) {
    LengthLimitingStringBuilder text = new LengthLimitingStringBuilder(TemplateBounds.CHARS);
    LoopState loop = new LoopState(items);
    while (loop.next()) {
      try (InterpreterScopeClosable scope = interpreter.enterScope()) {
        loop.enter(interpreter);
        target.assign(loop.item());
        text.append(TagBody.render(body, interpreter));
      }
    }
    return text.toString();
  }

  private static boolean holds(
      LoopHead head, @Nullable Object item, TagNode tag, JinjavaInterpreter interpreter) {
    try (InterpreterScopeClosable scope = interpreter.enterScope()) {
      head.target().assign(item);
      return PythonValues.truth(TagBody.value(head.condition(), tag, interpreter));
    }
  }
}
