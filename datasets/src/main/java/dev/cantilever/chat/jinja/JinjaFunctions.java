package dev.cantilever.chat.jinja;

import dev.cantilever.chat.python.CallArguments;
import dev.cantilever.chat.python.PythonDate;
import dev.cantilever.chat.python.PythonRange;
import dev.cantilever.chat.python.PythonText;
import dev.cantilever.chat.python.TemplateFunction;
import dev.cantilever.chat.python.TemplateRefusal;
import java.time.Clock;
import java.time.ZonedDateTime;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The functions that a template finds: Jinja's own, and those that transformers adds. */
final class JinjaFunctions {

  /* They are there for who asks whether they are, and are refused when called. */
  private static final List<String> NOT_HERE = List.of("cycler", "joiner", "lipsum", "self");

  private JinjaFunctions() {}

  /**
   * The functions by their names.
   *
   * @param clock what {@code strftime_now} tells; without one there is no such function
   */
  static Map<String, TemplateFunction> of(Optional<Clock> clock) {
    Map<String, TemplateFunction> functions = new HashMap<>();
    functions.put("range", a -> range(a.from("range()", 0)));
    functions.put("dict", a -> dict(a.from("dict()", 0)));
    functions.put("namespace", a -> namespace(a.from("namespace()", 0)));
    functions.put("raise_exception", a -> raise(a.from("raise_exception()", 0).only("message")));
    clock.ifPresent(
        now ->
            functions.put(
                "strftime_now",
                a ->
                    PythonDate.format(
                        ZonedDateTime.now(now),
                        a.from("strftime_now()", 0).only("format").text(0, "format"))));
    for (String name : NOT_HERE) {
      functions.put(
          name,
          a -> {
            throw TemplateRefusal.unsupported("the function " + name + "()");
          });
    }
    return functions;
  }

  private static PythonRange range(CallArguments a) {
    a.only("start/", "stop/", "step/");
    List<@Nullable Object> bounds = a.places();
    if (bounds.isEmpty()) {
      throw TemplateRefusal.failing("range() without a bound");
    }
    int first = a.integer(0, "start", 0);
    return bounds.size() == 1
        ? new PythonRange(0, first, 1)
        : new PythonRange(first, a.integer(1, "stop", 0), a.integer(2, "step", 1));
  }

  private static Map<@Nullable Object, @Nullable Object> dict(CallArguments a) {
    Map<@Nullable Object, @Nullable Object> map = new LinkedHashMap<>();
    if (!a.places().isEmpty()) {
      if (a.places().size() > 1 || !(a.places().get(0) instanceof Map<?, ?> given)) {
        throw TemplateRefusal.unsupported(a.callee() + " of something that is no object");
      }
      map.putAll(given);
    }
    map.putAll(a.names());
    return map;
  }

  private static TemplateNamespace namespace(CallArguments a) {
    TemplateNamespace namespace = new TemplateNamespace();
    dict(a).forEach((key, value) -> namespace.set(a.string(key), value));
    return namespace;
  }

  /** The template's own refusal. */
  private static @Nullable Object raise(CallArguments a) {
    throw new TemplateRefusal(
        "a conversation that the chat template takes",
        PythonText.printed(a.value(0, "message")),
        "Change the messages");
  }
}
