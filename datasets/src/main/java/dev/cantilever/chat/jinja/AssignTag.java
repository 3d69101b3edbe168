package dev.cantilever.chat.jinja;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.tag.FlexibleTag;
import com.hubspot.jinjava.lib.tag.Tag;
import com.hubspot.jinjava.tree.TagNode;
import com.hubspot.jinjava.tree.parse.TagToken;

/** {@code set}: names that get values, or one that gets the text of a block. */
final class AssignTag implements Tag, FlexibleTag {

  private static final long serialVersionUID = 1L;

  @Override
  public String getName() {
    return "set";
  }

  @Override
  public boolean hasEndTag(TagToken tag) {
    return TopLevel.indexOf(tag.getHelpers(), '=') < 0;
  }

  @Override
  public String interpret(TagNode tag, JinjavaInterpreter interpreter) {
    String head = tag.getHelpers();
    int equals = TopLevel.indexOf(head, '=');
    if (equals >= 0) {
      AssignmentTarget target = AssignmentTarget.of(head.substring(0, equals));
      target.assign(TagBody.value(head.substring(equals + 1), tag, interpreter));
      return "";
    }
    AssignmentTarget target = AssignmentTarget.of(head);
    target.assign(TagBody.renderInScope(tag.getChildren(), interpreter));
    return "";
  }
}
