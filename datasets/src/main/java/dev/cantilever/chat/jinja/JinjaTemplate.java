package dev.cantilever.chat.jinja;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import dev.cantilever.chat.python.PythonValues;
import dev.cantilever.chat.python.RenderDeadline;
import dev.cantilever.chat.python.TemplateFunction;
import dev.cantilever.chat.python.TemplateRefusal;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A template in Jinja with the functions that transformers adds. Safe for sharing between threads.
 */
public final class JinjaTemplate {

  private final String source;
  private final Map<String, TemplateFunction> functions;
  private final Jinjava jinja;
  private final LongSupplier nanos;

  private JinjaTemplate(String source, Optional<Clock> clock, LongSupplier nanos) {
    this.source = source;
    this.functions = JinjaFunctions.of(clock);
    this.jinja = ChatJinja.create();
    this.nanos = nanos;
  }

  /**
   * Reads a template; what is wrong with its grammar is found here.
   *
   * @param text as the file has it
   * @param clock what {@code strftime_now} tells; without one there is no such function
   * @return the template
   * @throws TemplateRefusal if it is not in Jinja's grammar, or holds a tag that is not here
   */
  public static JinjaTemplate of(String text, Optional<Clock> clock) {
    return of(text, clock, System::nanoTime);
  }

  /** The same with the clock that bounds a rendering, in nanoseconds. */
  static JinjaTemplate of(String text, Optional<Clock> clock, LongSupplier nanos) {
    try {
      return new JinjaTemplate(TemplateSource.rewritten(text), clock, nanos);
    } catch (StackOverflowError e) {
      throw tooDeep();
    }
  }

  /**
   * The text that it makes of some values.
   *
   * @param values what it finds under which name, as Jackson reads JSON; null is Python's None
   * @return the text
   * @throws TemplateRefusal if it refuses them, holds an error or something that is not supported,
   *     writes too much or takes too long
   */
  public String render(Map<String, ? extends @Nullable Object> values) {
    Map<String, Object> names = new HashMap<>(functions);
    values.forEach((name, value) -> names.put(name, PythonValues.ofJson(value)));
    RenderResult result;
    try (RenderDeadline deadline = RenderDeadline.begin(nanos)) {
      result = jinja.renderForResult(source, names);
    } catch (StackOverflowError e) {
      throw tooDeep();
    }
    if (!result.getErrors().isEmpty()) {
      throw refused(result.getErrors().get(0));
    }
    return result.getOutput();
  }

  private static TemplateRefusal refused(TemplateError error) {
    for (Throwable cause = error.getException(); cause != null; cause = cause.getCause()) {
      if (cause instanceof TemplateRefusal refusal) {
        return refusal;
      }
    }
    TemplateRefusal refusal =
        new TemplateRefusal(
            "a chat template that can be rendered",
            "in line "
                + error.getLineno()
                + ": "
                + error.getMessage().replaceAll("\\s*\\R\\s*", " "),
            "Compare it with the model's own, or write a simpler chat_template.jinja beside it");
    refusal.initCause(error.getException());
    return refusal;
  }

  /** A stranger's template may nest as it likes; the stack is what bounds it. */
  private static TemplateRefusal tooDeep() {
    return new TemplateRefusal(
        "a chat template of a common depth",
        "expressions, blocks or values that nest deeper than can be followed",
        "Compare it with the model's own");
  }
}
