package dev.cantilever.rehearsal;

import java.util.List;

/** What an update descends, once its rows have been scored. */
public interface StepObjective {

  /** The rows of an epoch's mini-batches, by their index in the step. */
  List<int[]> miniBatches(int epoch);

  /** The loss of one mini-batch. */
  MiniBatchObjective miniBatch(int epoch, int index, int[] rows);
}
