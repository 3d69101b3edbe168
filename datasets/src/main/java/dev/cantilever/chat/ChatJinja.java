package dev.cantilever.chat;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.el.JinjavaProcessors;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.Context.Library;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import com.hubspot.jinjava.objects.date.StrftimeFormatter;
import java.time.Clock;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The Jinja environment of chat templates, as transformers sets its own up: nothing escaped, {@code
 * raise_exception} and {@code strftime_now} beside Jinja's own functions, loops that can be left,
 * {@code generation} blocks.
 */
final class ChatJinja {

  private static final String RAISE = "raise_exception";
  private static final String NOW = "strftime_now";

  private static final int MAX_CHARS = 4 << 20;
  private static final int MAX_ITEMS = 10_000;
  private static final int MAX_DEPTH = 100;

  /* Those that give what Jinja's give; any other filter is refused where it is reached. */
  private static final Set<String> FILTERS =
      Set.of(
          "abs",
          "batch",
          "capitalize",
          "count",
          "d",
          "default",
          "dictsort",
          "first",
          "float",
          "format",
          "indent",
          "int",
          "items",
          "join",
          "last",
          "length",
          "list",
          "lower",
          "map",
          "reject",
          "rejectattr",
          "replace",
          "reverse",
          "round",
          "safe",
          "select",
          "selectattr",
          "sort",
          "string",
          "title",
          "tojson",
          "trim",
          "unique",
          "upper",
          "wordcount");

  /* Those that read any value as text, or a text as its characters. */
  private static final Set<String> OF_TEXT =
      Set.of("capitalize", "lower", "replace", "title", "upper", "wordcount");
  private static final Set<String> OF_ITEMS = Set.of("count", "first", "last", "length", "list");

  /* They read files, or are jinjava's alone. */
  private static final Map<Library, Set<String>> DISABLED =
      Map.of(
          Library.TAG,
          Set.of(
              "import",
              "include",
              "extends",
              "from",
              "block",
              "autoescape",
              "cycle",
              "do",
              "ifchanged",
              "print",
              "unless"));

  private ChatJinja() {}

  /** The functions that are not Jinja's; a template may ask whether they are there. */
  static List<String> functions(Optional<Clock> clock) {
    return clock.isPresent() ? List.of(RAISE, NOW) : List.of(RAISE);
  }

  /**
   * Makes it.
   *
   * @param clock what {@code strftime_now} tells; without one there is no such function
   * @param dialect knows which filters the template names
   */
  static Jinjava create(Optional<Clock> clock, ExpressionDialect dialect) {
    Jinjava jinja = new PythonExpressions(config(clock.orElse(Clock.systemUTC())));
    Context context = jinja.getGlobalContext();
    for (String name : functions(clock)) {
      context.registerFunction(
          new ELFunctionDefinition("", name, ChatJinja.class, camelCase(name), String.class));
    }
    context.registerFunction(
        new ELFunctionDefinition(
            "", ExpressionDialect.PRINT, PythonText.class, "printed", Object.class));
    context.registerTag(new LoopTag());
    context.registerTag(new GenerationTag());
    context.registerFilter(new ToJsonFilter());
    context.registerFilter(new StripFilter());
    context.registerFilter(new ItemsFilter());
    context.registerFilter(new StringFilter());
    for (String name : OF_TEXT) {
      context.registerFilter(ArgumentFilter.ofText(context.getFilter(name)));
    }
    for (String name : OF_ITEMS) {
      context.registerFilter(ArgumentFilter.ofItems(context.getFilter(name)));
    }
    context.registerFilter(ArgumentFilter.ofItems(context.getFilter("join"), "d"));
    context.registerFilter(ArgumentFilter.ofItems(context.getFilter("sort"), "reverse"));
    context.registerFilter(ArgumentFilter.ofItems(context.getFilter("map"), "attribute"));
    for (String name : dialect.filters()) {
      if (!FILTERS.contains(name)) {
        context.registerFilter(new UnknownFilter(name));
      }
    }
    return jinja;
  }

  private static JinjavaConfig config(Clock clock) {
    LegacyOverrides asInPython =
        LegacyOverrides.newBuilder()
            .withUsePyishObjectMapper(true)
            .withUseSnakeCasePropertyNaming(true)
            .withKeepNullableLoopValues(true)
            .withEvaluateMapKeys(true)
            .withIterateOverMapKeys(true)
            .withAllowAdjacentTextNodes(true)
            .withHandleBackslashInQuotesOnly(true)
            .build();
    return JinjavaConfig.newBuilder()
        .withKeepTrailingNewline(true) // TemplateSource has taken off the template's own
        .withNestedInterpretationEnabled(false) // a message is no template
        .withLocale(Locale.ROOT)
        .withTimeZone(clock.getZone())
        .withDateTimeProvider(clock::millis)
        .withElResolver(new TemplateAccess())
        .withProcessors(
            JinjavaProcessors.newBuilder()
                .withNodePreProcessor((node, interpreter) -> RenderDeadline.check())
                .build())
        .withDisabled(DISABLED)
        .withMaxOutputSize(MAX_CHARS)
        .withMaxStringLength(MAX_CHARS)
        .withMaxListSize(MAX_ITEMS)
        .withMaxMapSize(MAX_ITEMS)
        .withRangeLimit(MAX_ITEMS)
        .withMaxRenderDepth(MAX_DEPTH)
        .withEnableRecursiveMacroCalls(true)
        .withMaxMacroRecursionDepth(MAX_DEPTH)
        .withLegacyOverrides(asInPython)
        .build();
  }

  /** The template's own refusal. Called by templates. */
  public static Object raiseException(String message) {
    throw new TemplateRefusal(
        "a conversation that the chat template takes", message, "Change the messages");
  }

  /** The time by a format of Python's strftime. Called by templates. */
  public static Object strftimeNow(String format) {
    JinjavaConfig config = JinjavaInterpreter.getCurrent().getConfig();
    Instant now = Instant.ofEpochMilli(config.getDateTimeProvider().getCurrentTimeMillis());
    return StrftimeFormatter.format(
        ZonedDateTime.ofInstant(now, config.getTimeZone()), format, Locale.ENGLISH);
  }

  private static String camelCase(String name) {
    int mark = name.indexOf('_');
    return name.substring(0, mark)
        + Character.toUpperCase(name.charAt(mark + 1))
        + name.substring(mark + 2);
  }
}
