package dev.cantilever.chat;

/** How long the rendering on this thread may take; looked at before every node of a template. */
final class RenderDeadline implements AutoCloseable {

  static final long SECONDS = 5;

  private static final long NANOS = SECONDS * 1_000_000_000L;
  private static final ThreadLocal<Long> BEGAN = new ThreadLocal<>();

  private static final ThreadLocal<Integer> MACROS = ThreadLocal.withInitial(() -> 0);

  private RenderDeadline() {}

  static RenderDeadline begin() {
    BEGAN.set(System.nanoTime());
    return new RenderDeadline();
  }

  static void check() {
    Long began = BEGAN.get();
    if (began != null && System.nanoTime() - began > NANOS) {
      throw new TemplateRefusal(
          "a conversation rendered within " + SECONDS + " s",
          "a template that goes on",
          "Compare it with the model's own");
    }
  }

  /** Counts a macro that is called by another. */
  static void enterMacro() {
    int depth = MACROS.get() + 1;
    if (depth > TemplateBounds.DEPTH) {
      throw new TemplateRefusal(
          "macros that call each other at most " + TemplateBounds.DEPTH + " deep",
          "a template that goes deeper",
          "Compare it with the model's own");
    }
    MACROS.set(depth);
  }

  static void leaveMacro() {
    MACROS.set(MACROS.get() - 1);
  }

  @Override
  public void close() {
    BEGAN.remove();
    MACROS.remove();
  }
}
