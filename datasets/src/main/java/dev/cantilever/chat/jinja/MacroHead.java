package dev.cantilever.chat.jinja;

import dev.cantilever.chat.python.TemplateRefusal;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What stands in a {@code macro} tag.
 *
 * @param name the macro's
 * @param parameters names in their order, and the expression that stands for each; empty if none
 */
record MacroHead(String name, Map<String, String> parameters) {

  private static final Pattern HEAD =
      Pattern.compile("\\s*(\\w+)\\s*\\((.*)\\)\\s*", Pattern.DOTALL);
  private static final Pattern NAME = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_]*");

  /**
   * Reads it.
   *
   * @throws TemplateRefusal if it is no head of a macro
   */
  static MacroHead of(String code) {
    Matcher head = HEAD.matcher(code);
    if (!head.matches()) {
      throw TemplateRefusal.unsupported("{% macro " + code.strip() + " %}");
    }
    Map<String, String> parameters = new LinkedHashMap<>();
    String rest = head.group(2);
    while (!rest.isBlank()) {
      int comma = TopLevel.indexOf(rest, ',');
      String parameter = comma < 0 ? rest : rest.substring(0, comma);
      int equals = TopLevel.indexOf(parameter, '=');
      String name = equals < 0 ? parameter.strip() : parameter.substring(0, equals).strip();
      boolean isMissing = equals < 0 && parameters.values().stream().anyMatch(d -> !d.isEmpty());
      if (!NAME.matcher(name).matches() || isMissing || parameters.containsKey(name)) {
        throw TemplateRefusal.unsupported("{% macro " + code.strip() + " %}");
      }
      parameters.put(name, equals < 0 ? "" : parameter.substring(equals + 1));
      rest = comma < 0 ? "" : rest.substring(comma + 1);
    }
    return new MacroHead(head.group(1), parameters);
  }

  void check() {
    parameters.values().stream()
        .filter(value -> !value.isEmpty())
        .forEach(value -> JinjaExpressions.check(value, false));
  }
}
