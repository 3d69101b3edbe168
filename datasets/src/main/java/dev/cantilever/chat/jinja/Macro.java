package dev.cantilever.chat.jinja;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.tree.TagNode;
import dev.cantilever.chat.python.CallArguments;
import dev.cantilever.chat.python.TemplateBounds;
import dev.cantilever.chat.python.TemplateFunction;
import dev.cantilever.chat.python.TemplateRefusal;
import java.util.Map;

/**
 * A macro of a template. It sees the names of where it stands, not those of where it is called.
 *
 * @param head its name and parameters
 * @param tag its body
 * @param scope where it stands
 * @param jinja renders it
 */
record Macro(MacroHead head, TagNode tag, Context scope, Jinjava jinja)
    implements TemplateFunction {

  /* No name of Jinja's has a dollar sign. */
  private static final String DEPTH = "$macros";

  @Override
  public String call(CallArguments arguments) {
    CallArguments a = arguments.from("the macro " + head.name(), 0);
    Map<String, String> parameters = head.parameters();
    a.only(parameters.keySet().toArray(String[]::new));
    JinjavaInterpreter caller = JinjavaInterpreter.getCurrent();
    JinjavaInterpreter own = new JinjavaInterpreter(jinja, new Context(scope), caller.getConfig());
    int depth = depth(caller) + 1;
    if (depth > TemplateBounds.DEPTH) {
      throw new TemplateRefusal(
          "macros that call each other at most " + TemplateBounds.DEPTH + " deep",
          "a template that goes deeper",
          "Compare it with the model's own");
    }
    JinjavaInterpreter.pushCurrent(own);
    try {
      own.getContext().put(DEPTH, depth);
      LoopState.hide(own);
      int place = 0;
      for (Map.Entry<String, String> parameter : parameters.entrySet()) {
        String name = parameter.getKey();
        boolean isGiven = a.has(place, name) || parameter.getValue().isEmpty();
        TemplateScope.set(
            name, isGiven ? a.value(place, name) : TagBody.value(parameter.getValue(), tag, own));
        place++;
      }
      return TagBody.render(tag.getChildren(), own);
    } finally {
      JinjavaInterpreter.popCurrent();
      own.getErrors().forEach(caller::addError);
    }
  }

  /** How many macros are being rendered within each other. */
  private static int depth(JinjavaInterpreter interpreter) {
    return interpreter.getContext().get(DEPTH) instanceof Integer depth ? depth : 0;
  }
}
