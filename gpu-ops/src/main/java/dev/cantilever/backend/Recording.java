package dev.cantilever.backend;

/**
 * Operations that are run again and again: the same ones each time, on the same tensors, with the
 * same numbers. What differs between runs is the content of tensors that are written in between.
 *
 * <p>A device that has to be told every operation by the host may keep what the operations told it
 * and repeat that (a CUDA graph), so that later runs need not call them. Hence they do nothing but
 * enqueue: they neither transfer to or from the host nor wait, and leave nothing on the host that
 * differs from run to run. What is wrong with values is thrown as if they had been called; where
 * several runs follow each other before the host waits, the first fault is thrown.
 *
 * <p>Closing it ends it before the tensors it works on; it is made by {@link Backend#record}.
 */
public interface Recording extends AutoCloseable {

  /**
   * Does ahead of time what the first {@link #run} would begin with, and runs nothing yet; other
   * operations may be under way. Calling it is never necessary.
   */
  default void prepare() {}

  /** Enqueues the operations. */
  void run();

  @Override
  void close();

  /** A recording of a backend that calls the operations each time. */
  static Recording calling(Runnable operations) {
    return new Recording() {
      @Override
      public void run() {
        operations.run();
      }

      @Override
      public void close() {}
    };
  }
}
