package dev.cantilever.backend;

/**
 * Two groups of operations that a device may do at the same time: what is enqueued from {@link
 * Backend#fork} to {@link #second}, and from there to {@link #close}. What comes before is done
 * before either begins, what comes after begins when both are done.
 *
 * <p>Neither group writes what the other reads or writes, so memory that the first had for a while
 * is not given to the second. Forks do not nest. Results are those of the groups one after the
 * other.
 */
public interface Fork extends AutoCloseable {

  /** Ends the first group and begins the second. */
  void second();

  @Override
  void close();

  /** Does one group after the other. */
  static Fork inOrder() {
    return new Fork() {
      @Override
      public void second() {}

      @Override
      public void close() {}
    };
  }
}
