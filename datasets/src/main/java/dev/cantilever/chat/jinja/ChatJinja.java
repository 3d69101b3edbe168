package dev.cantilever.chat.jinja;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.el.JinjavaProcessors;
import com.hubspot.jinjava.interpret.Context;
import dev.cantilever.chat.python.RenderDeadline;
import dev.cantilever.chat.python.TemplateBounds;
import java.util.Locale;
import jinjava.javax.el.CompositeELResolver;

/**
 * The Jinja environment of chat templates, as transformers sets its own up: nothing escaped, loops
 * that can be left, {@code generation} blocks; jinjava's own tags, functions and access to Java
 * objects are not reached ({@link ExpressionDialect} lets tags through by a list).
 */
final class ChatJinja {

  private ChatJinja() {}

  /** Makes it. */
  static Jinjava create() {
    Jinjava jinja = new JinjaExpressions(config());
    Context context = jinja.getGlobalContext();
    context.registerTag(new LoopTag());
    context.registerTag(new ConditionTag());
    context.registerTag(new AssignTag());
    context.registerTag(new MacroTag(jinja));
    context.registerTag(new LeaveTag(true));
    context.registerTag(new LeaveTag(false));
    context.registerTag(new GenerationTag());
    return jinja;
  }

  private static JinjavaConfig config() {
    LegacyOverrides asInJinja =
        LegacyOverrides.newBuilder()
            .withAllowAdjacentTextNodes(true)
            .withHandleBackslashInQuotesOnly(true)
            .build();
    return JinjavaConfig.newBuilder()
        .withKeepTrailingNewline(true) // TemplateSource has taken off the template's own
        .withNestedInterpretationEnabled(false) // a message is no template
        .withLocale(Locale.ROOT)
        .withElResolver(new CompositeELResolver()) // none: nothing of Java is reached by it
        .withProcessors(
            JinjavaProcessors.newBuilder()
                .withNodePreProcessor((node, interpreter) -> RenderDeadline.check())
                .build())
        .withMaxOutputSize(TemplateBounds.CHARS)
        .withMaxRenderDepth(TemplateBounds.DEPTH)
        .withLegacyOverrides(asInJinja)
        .build();
  }
}
