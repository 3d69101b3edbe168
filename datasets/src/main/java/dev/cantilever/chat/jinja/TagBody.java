package dev.cantilever.chat.jinja;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.interpret.JinjavaInterpreter.InterpreterScopeClosable;
import com.hubspot.jinjava.tree.Node;
import com.hubspot.jinjava.tree.TagNode;
import com.hubspot.jinjava.util.LengthLimitingStringBuilder;
import dev.cantilever.chat.python.TemplateBounds;
import dev.cantilever.chat.python.TemplateRefusal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What stands between the tags of a block. */
final class TagBody {

  private TagBody() {}

  /** Its text, up to where a turn of the loop around it ends. */
  static String render(List<Node> body, JinjavaInterpreter interpreter) {
    LengthLimitingStringBuilder text = new LengthLimitingStringBuilder(TemplateBounds.CHARS);
    LoopState loop = LoopState.current(interpreter);
    for (Node node : body) {
      text.append(node.render(interpreter).getValue());
      if (loop != null && loop.isTurnOver()) {
        break;
      }
    }
    return text.toString();
  }

  /** The same with a scope of its own. */
  static String renderInScope(List<Node> body, JinjavaInterpreter interpreter) {
    try (InterpreterScopeClosable scope = interpreter.enterScope()) {
      return render(body, interpreter);
    }
  }

  /** The value of an expression of a tag. */
  static @Nullable Object value(String expression, TagNode tag, JinjavaInterpreter interpreter) {
    if (expression.isBlank()) {
      throw TemplateRefusal.failing(tag.getMaster().getImage());
    }
    return interpreter.resolveELExpression(expression.strip(), tag.getLineNumber());
  }

  static boolean isTag(Node node, String name) {
    return node instanceof TagNode tag && tag.getName().equals(name);
  }
}
