package dev.cantilever.rehearsal;

import dev.cantilever.backend.Backend;
import java.io.IOException;

/** A device of shapes and bytes on which the phases of a step are tried beside what is loaded. */
interface PlannedDevice extends AutoCloseable {

  /** Loads, within a device's budget, what stays there from phase to phase. */
  @FunctionalInterface
  interface Loading {
    /**
     * Loads it; the caller closes it before the device.
     *
     * @throws dev.cantilever.memory.BudgetExceededException if it does not fit; nothing stays
     */
    PlannedDevice on(Backend backend) throws IOException;
  }

  /**
   * Generates so many rows at once.
   *
   * @throws dev.cantilever.memory.BudgetExceededException if they do not fit; nothing stays
   */
  void rollOut(int rows);

  /**
   * Scores the rows of a step and trains on a mini-batch.
   *
   * @throws dev.cantilever.memory.BudgetExceededException if that does not fit; nothing stays
   */
  void scoreAndUpdate(PassSettings settings);

  @Override
  void close();
}
