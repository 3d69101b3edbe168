package dev.cantilever.finetune;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;

/**
 * What a fine-tuning did.
 *
 * @param lossBefore mean −log p of a predicted token of the held-out rows, in nats, before
 * @param lossAfter the same after
 * @param steps optimizer steps
 * @param tokens tokens of the rows learned from, every epoch counted
 */
public record FineTuneSummary(double lossBefore, double lossAfter, int steps, long tokens)
    implements Serializable {

  /**
   * The summary of a fine-tuned adapter.
   *
   * @param adapter the adapter's directory
   * @throws dev.cantilever.hub.CheckpointException if it is not one that this stage left
   */
  public static FineTuneSummary of(Path adapter) throws IOException {
    return TrainingFile.read(adapter).summary();
  }
}
