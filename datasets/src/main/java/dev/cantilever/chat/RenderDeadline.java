package dev.cantilever.chat;

/** How long the rendering on this thread may take; looked at before every node of a template. */
final class RenderDeadline implements AutoCloseable {

  static final long SECONDS = 5;

  private static final long NANOS = SECONDS * 1_000_000_000L;
  private static final ThreadLocal<Long> BEGAN = new ThreadLocal<>();

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

  @Override
  public void close() {
    BEGAN.remove();
  }
}
