package dev.cantilever.chat;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.interpret.JinjavaInterpreter.InterpreterScopeClosable;
import com.hubspot.jinjava.lib.tag.Tag;
import com.hubspot.jinjava.tree.Node;
import com.hubspot.jinjava.tree.TagNode;
import com.hubspot.jinjava.util.ForLoop;
import com.hubspot.jinjava.util.LengthLimitingStringBuilder;
import com.hubspot.jinjava.util.ObjectIterator;
import com.hubspot.jinjava.util.ObjectTruthValue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code for} with Jinja's rules where jinjava's own differ: each turn has a scope of its own, so
 * that what is set in it is gone in the next; {@code if} behind the list takes items before they
 * are counted; {@code else} is for a list without items.
 */
final class LoopTag implements Tag {

  private static final long serialVersionUID = 1L;
  private static final String LOOP = "loop";
  private static final String IN = "in";
  private static final String IF = "if";

  @Override
  public String getName() {
    return "for";
  }

  @Override
  public String interpret(TagNode tag, JinjavaInterpreter interpreter) {
    String head = tag.getHelpers().strip();
    int in = TopLevel.indexOf(head, IN, 0);
    if (in < 0 || TopLevel.indexOf(head, "recursive", in) >= 0) {
      throw TemplateRefusal.unsupported("{% for " + head + " %}");
    }
    List<String> names =
        Arrays.stream(head.substring(0, in).replaceAll("[()]", "").split(","))
            .map(String::strip)
            .toList();
    int condition = TopLevel.indexOf(head, IF, in + IN.length());
    String list =
        head.substring(in + IN.length(), condition < 0 ? head.length() : condition).strip();
    List<@Nullable Object> items = new ArrayList<>();
    ForLoop all =
        ObjectIterator.getLoop(interpreter.resolveELExpression(list, tag.getLineNumber()));
    while (all.hasNext()) {
      Object item = interpreter.wrap(all.next());
      if (condition < 0
          || holds(head.substring(condition + IF.length()), names, item, tag, interpreter)) {
        items.add(item);
      }
    }
    List<Node> children = new ArrayList<>(tag.getChildren());
    int otherwise = 0;
    while (otherwise < children.size() && !isElse(children.get(otherwise))) {
      otherwise++;
    }
    if (!items.isEmpty()) {
      return turns(names, items, children.subList(0, otherwise), interpreter);
    }
    return otherwise < children.size()
        ? turn(children.subList(otherwise + 1, children.size()), interpreter)
        : "";
  }

  private static String turns(
      List<String> names,
      List<@Nullable Object> items,
      List<Node> body,
      JinjavaInterpreter interpreter) {
    LengthLimitingStringBuilder text =
        new LengthLimitingStringBuilder(interpreter.getConfig().getMaxOutputSize());
    ForLoop loop = new ForLoop(items.iterator(), items.size());
    while (loop.hasNext()) {
      Object item = loop.next();
      try (InterpreterScopeClosable scope = interpreter.enterScope()) {
        interpreter.getContext().put(LOOP, loop);
        bind(names, item, interpreter);
        for (Node node : body) {
          text.append(node.render(interpreter).getValue());
          if (loop.isContinued()) {
            break;
          }
        }
      }
    }
    return text.toString();
  }

  private static String turn(List<Node> body, JinjavaInterpreter interpreter) {
    StringBuilder text = new StringBuilder();
    try (InterpreterScopeClosable scope = interpreter.enterScope()) {
      body.forEach(node -> text.append(node.render(interpreter).getValue()));
    }
    return text.toString();
  }

  private static boolean holds(
      String condition,
      List<String> names,
      @Nullable Object item,
      TagNode tag,
      JinjavaInterpreter interpreter) {
    try (InterpreterScopeClosable scope = interpreter.enterScope()) {
      bind(names, item, interpreter);
      return ObjectTruthValue.evaluate(
          interpreter.resolveELExpression(condition.strip(), tag.getLineNumber()));
    }
  }

  private static void bind(
      List<String> names, @Nullable Object item, JinjavaInterpreter interpreter) {
    if (names.size() == 1) {
      interpreter.getContext().put(names.get(0), item);
      return;
    }
    List<?> parts;
    if (item instanceof Map.Entry<?, ?> entry) {
      parts = Arrays.asList(entry.getKey(), entry.getValue());
    } else if (item instanceof List<?> list) {
      parts = list;
    } else {
      parts = List.of();
    }
    if (parts.size() != names.size()) {
      throw TemplateRefusal.unsupported("a loop over " + names + " of items of another size");
    }
    for (int i = 0; i < names.size(); i++) {
      interpreter.getContext().put(names.get(i), interpreter.wrap(parts.get(i)));
    }
  }

  private static boolean isElse(Node node) {
    return node instanceof TagNode tag && tag.getName().equals("else");
  }
}
