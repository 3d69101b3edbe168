package dev.cantilever.chat;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.core.util.Separators.Spacing;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.filter.AdvancedFilter;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code tojson} as transformers has it: Python's {@code json.dumps} with its spaces, characters as
 * they are, the order of the keys kept, and {@code indent}.
 */
final class ToJsonFilter implements AdvancedFilter {

  private static final JsonMapper JSON = new JsonMapper();

  @Override
  public String getName() {
    return "tojson";
  }

  @Override
  public Object filter(
      @Nullable Object value,
      JinjavaInterpreter interpreter,
      Object[] arguments,
      Map<String, Object> named) {
    for (String name : named.keySet()) {
      if (!name.equals("indent")
          && !(name.equals("ensure_ascii") && Boolean.FALSE.equals(named.get(name)))) {
        throw TemplateRefusal.unsupported("tojson with " + name);
      }
    }
    Object indent = named.get("indent");
    if (arguments.length > 0 || indent != null && !(indent instanceof Number)) {
      throw TemplateRefusal.unsupported("tojson with other arguments than indent=n");
    }
    try {
      return JSON.writer(new Python(indent == null ? 0 : ((Number) indent).intValue()))
          .writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw TemplateRefusal.unsupported("tojson of something that JSON cannot say");
    }
  }

  /** {@code ", "} and {@code ": "} on one line; indented, a line for each item. */
  private static final class Python extends DefaultPrettyPrinter {

    private static final long serialVersionUID = 1L;

    private final int indent;

    Python(int indent) {
      super(
          Separators.createDefaultInstance()
              .withObjectFieldValueSpacing(Spacing.AFTER)
              .withObjectEntrySpacing(indent > 0 ? Spacing.NONE : Spacing.AFTER)
              .withArrayValueSpacing(indent > 0 ? Spacing.NONE : Spacing.AFTER)
              .withObjectEmptySeparator("")
              .withArrayEmptySeparator(""));
      this.indent = indent;
      Indenter lines =
          indent > 0 ? new DefaultIndenter(" ".repeat(indent), "\n") : new FixedNothing();
      indentObjectsWith(lines);
      indentArraysWith(lines);
    }

    @Override
    public DefaultPrettyPrinter createInstance() {
      return new Python(indent);
    }
  }

  /** Nothing at all between the parts, unlike Jackson's own, which puts spaces into brackets. */
  private static final class FixedNothing implements DefaultPrettyPrinter.Indenter {

    @Override
    public void writeIndentation(JsonGenerator json, int level) throws IOException {}

    @Override
    public boolean isInline() {
      return true;
    }
  }
}
