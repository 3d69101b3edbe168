package dev.cantilever.loop;

import dev.cantilever.row.StepStats;

/** Told how a loop gets on. */
public interface StepListener {

  /** A listener to which nothing matters. */
  StepListener SILENT =
      new StepListener() {
        @Override
        public void begins(int done, int steps) {
          // nobody to tell
        }

        @Override
        public void finished(StepStats step) {
          // nobody to tell
        }
      };

  /**
   * The loop begins.
   *
   * @param done steps that are done already
   * @param steps how many there are to be
   */
  void begins(int done, int steps);

  /** A step is done. */
  void finished(StepStats step);
}
