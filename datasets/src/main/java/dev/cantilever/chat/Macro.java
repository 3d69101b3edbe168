package dev.cantilever.chat;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.tree.TagNode;
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

  @Override
  public String call(CallArguments arguments) {
    CallArguments a = arguments.from("the macro " + head.name(), 0);
    Map<String, String> parameters = head.parameters();
    a.only(parameters.keySet().toArray(String[]::new));
    JinjavaInterpreter caller = JinjavaInterpreter.getCurrent();
    JinjavaInterpreter own = new JinjavaInterpreter(jinja, new Context(scope), caller.getConfig());
    RenderDeadline.enterMacro();
    JinjavaInterpreter.pushCurrent(own);
    try {
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
      RenderDeadline.leaveMacro();
      own.getErrors().forEach(caller::addError);
    }
  }
}
