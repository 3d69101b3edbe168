package dev.cantilever.chat.jinja;

import dev.cantilever.chat.python.TemplateRefusal;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Checks what stands in a tag by Jinja's grammar, all of it before anything is rendered, and brings
 * it into the form in which jinjava finds its end.
 */
final class ExpressionDialect {

  private static final Pattern BLOCK = Pattern.compile("(\\w+)(.*)", Pattern.DOTALL);
  private static final Set<String> BARE =
      Set.of(
          "break",
          "continue",
          "else",
          "endfor",
          "endgeneration",
          "endif",
          "endmacro",
          "endset",
          "generation");

  private final TagNesting nesting = new TagNesting();

  /**
   * The code of a block tag.
   *
   * @throws TemplateRefusal if it is not in Jinja's grammar, or the tag is not here
   */
  String block(String code) {
    Matcher block = BLOCK.matcher(code);
    if (!block.matches()) {
      throw TemplateRefusal.unsupported("{% " + code + " %}");
    }
    String rest = block.group(2).strip();
    boolean isBlockSet = block.group(1).equals("set") && TopLevel.indexOf(rest, '=') < 0;
    switch (block.group(1)) {
      case "if", "elif" -> {
        if (TopLevel.indexOf(rest, "if", 0) >= 0) {
          throw TemplateRefusal.failing("{% " + code + " %} with a condition in its condition");
        }
        JinjaExpressions.check(rest, true);
      }
      case "for" -> LoopHead.of(rest).check(nesting.isConditional());
      case "macro" -> MacroHead.of(rest).check();
      case "set" -> {
        int equals = TopLevel.indexOf(rest, '=');
        if (equals >= 0) {
          JinjaExpressions.check(rest.substring(equals + 1), nesting.isConditional());
        }
        AssignmentTarget.of(equals < 0 ? rest : rest.substring(0, equals));
      }
      default -> {
        if (!BARE.contains(block.group(1)) || !rest.isEmpty()) {
          throw TemplateRefusal.unsupported("{% " + code + " %}");
        }
      }
    }
    nesting.next(block.group(1), isBlockSet);
    return withoutDoubleBraces(code);
  }

  /** Ends the template, in which no block may be open. */
  void end() {
    nesting.end();
  }

  /**
   * The code of a tag that prints.
   *
   * @throws TemplateRefusal if it is not in Jinja's grammar
   */
  String printed(String code) {
    JinjaExpressions.check(code, nesting.isConditional());
    return JinjaParser.PRINT + " " + withoutDoubleBraces(code);
  }

  /** Two closing braces outside of strings would end the tag. */
  private static String withoutDoubleBraces(String code) {
    StringBuilder text = new StringBuilder();
    int i = 0;
    while (i < code.length()) {
      char c = code.charAt(i);
      if (c == '\'' || c == '"') {
        int behind = TopLevel.endOfString(code, i);
        text.append(code, i, behind);
        i = behind;
      } else {
        text.append(c).append(c == '}' ? " " : "");
        i++;
      }
    }
    return text.toString();
  }
}
