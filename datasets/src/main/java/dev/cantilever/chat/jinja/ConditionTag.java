package dev.cantilever.chat.jinja;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.tag.Tag;
import com.hubspot.jinjava.tree.Node;
import com.hubspot.jinjava.tree.TagNode;
import dev.cantilever.chat.python.PythonValues;
import java.util.ArrayList;
import java.util.List;

/** {@code if}, {@code elif} and {@code else}, by what counts as true in Python. */
final class ConditionTag implements Tag {

  private static final long serialVersionUID = 1L;

  @Override
  public String getName() {
    return "if";
  }

  @Override
  public String interpret(TagNode tag, JinjavaInterpreter interpreter) {
    boolean isTaken = holds(tag, interpreter);
    List<Node> body = new ArrayList<>();
    for (Node node : tag.getChildren()) {
      boolean isElif = TagBody.isTag(node, "elif");
      if (isElif || TagBody.isTag(node, "else")) {
        if (isTaken) {
          break;
        }
        isTaken = !isElif || holds((TagNode) node, interpreter);
      } else if (isTaken) {
        body.add(node);
      }
    }
    return TagBody.render(body, interpreter);
  }

  private static boolean holds(TagNode tag, JinjavaInterpreter interpreter) {
    return PythonValues.truth(TagBody.value(tag.getHelpers(), tag, interpreter));
  }
}
