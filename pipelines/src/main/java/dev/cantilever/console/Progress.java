package dev.cantilever.console;

/** A task under way, counted. Safe to call from several threads. */
public interface Progress extends AutoCloseable {

  /** Says that so many more are done. */
  void advance(long count);

  /** Says what is going on now, in a few words shown beside the count. */
  void say(String what);

  /** Ends the task, done or not; what was reached is left on the screen. */
  @Override
  void close();
}
