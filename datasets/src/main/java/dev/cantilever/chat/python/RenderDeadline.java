package dev.cantilever.chat.python;

import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How long the rendering on this thread may take; looked at before every node of a template, and
 * where one node may take long. Closing it ends the rendering.
 */
public final class RenderDeadline implements AutoCloseable {

  private static final long SECONDS = 5;
  private static final long NANOS = SECONDS * 1_000_000_000L;

  private static final ThreadLocal<@Nullable RenderDeadline> CURRENT = new ThreadLocal<>();

  private final LongSupplier nanos;
  private final long began;

  private RenderDeadline(LongSupplier nanos) {
    this.nanos = nanos;
    this.began = nanos.getAsLong();
  }

  /**
   * Begins a rendering on this thread.
   *
   * @param nanos a clock in nanoseconds that only goes forward, as {@link System#nanoTime}
   * @return what ends it
   */
  public static RenderDeadline begin(LongSupplier nanos) {
    RenderDeadline deadline = new RenderDeadline(nanos);
    CURRENT.set(deadline);
    return deadline;
  }

  /**
   * Looks at the clock.
   *
   * @throws TemplateRefusal if the rendering on this thread has taken too long
   */
  public static void check() {
    RenderDeadline current = CURRENT.get();
    if (current != null && current.nanos.getAsLong() - current.began > NANOS) {
      throw new TemplateRefusal(
          "a conversation rendered within " + SECONDS + " s",
          "a template that goes on",
          "Compare it with the model's own");
    }
  }

  @Override
  public void close() {
    CURRENT.remove();
  }
}
