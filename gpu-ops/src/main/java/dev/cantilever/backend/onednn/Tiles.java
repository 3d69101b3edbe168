package dev.cantilever.backend.onednn;

/**
 * Cuts elementwise work and rows into tasks whose pieces stay in a core's first cache. Where the
 * cuts fall depends on sizes alone and no sum crosses one.
 */
final class Tiles {

  /** Elements of a tile: 16 KiB of floats. */
  static final int ELEMENTS = 4096;

  /** Elements from which another worker is worth waking. */
  private static final int TASK_ELEMENTS = 1 << 16;

  /** Work on one tile. */
  @FunctionalInterface
  interface Body {
    /**
     * Works on the elements {@code [from, from + count)}.
     *
     * @param buffers scratch arrays of {@link #ELEMENTS} floats, of undefined content
     */
    void run(long from, int count, float[][] buffers);
  }

  /** Work on a range of rows. */
  @FunctionalInterface
  interface Rows {
    /** Works on the rows {@code [from, to)}. */
    void run(int from, int to);
  }

  private Tiles() {}

  /** Runs {@code body} over all tiles of {@code elements} elements. */
  static void elements(Workers workers, long elements, int buffers, Body body) {
    int tasks = Math.toIntExact((elements + TASK_ELEMENTS - 1) / TASK_ELEMENTS);
    workers.parallel(
        tasks,
        task -> {
          float[][] scratch = new float[buffers][ELEMENTS];
          long from = (long) task * TASK_ELEMENTS;
          long to = Math.min(elements, from + TASK_ELEMENTS);
          for (; from < to; from += ELEMENTS) {
            body.run(from, (int) Math.min(ELEMENTS, to - from), scratch);
          }
        });
  }

  /** Runs {@code body} over all of {@code rows} rows of {@code width} elements. */
  static void rows(Workers workers, int rows, int width, Rows body) {
    int perTask = Math.max(1, TASK_ELEMENTS / Math.max(1, width));
    int tasks = (rows + perTask - 1) / perTask;
    workers.parallel(tasks, task -> body.run(task * perTask, Math.min(rows, (task + 1) * perTask)));
  }
}
