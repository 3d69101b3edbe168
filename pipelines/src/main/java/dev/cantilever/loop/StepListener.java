package dev.cantilever.loop;

import dev.cantilever.row.StepStats;

/** Told of every step that is done. */
@FunctionalInterface
public interface StepListener {

  /**
   * A step is done.
   *
   * @param steps how many there are to be
   */
  void done(StepStats step, int steps);
}
