package dev.cantilever.host;

/** Whoever shows people that a large model is being loaded. */
@FunctionalInterface
public interface LoadWatcher {

  /** A load that is under way. */
  interface Watched extends AutoCloseable {

    /** Says that so many more bytes have been read; safe to call from several threads. */
    void read(long bytes);

    /** Ends the load, done or not. */
    @Override
    void close();
  }

  /**
   * Begins to watch a load.
   *
   * @param model the directory's name
   * @param bytes of its weights
   */
  Watched begin(String model, long bytes);

  /** Shows nothing. */
  static LoadWatcher none() {
    return (model, bytes) ->
        new Watched() {
          @Override
          public void read(long more) {}

          @Override
          public void close() {}
        };
  }
}
