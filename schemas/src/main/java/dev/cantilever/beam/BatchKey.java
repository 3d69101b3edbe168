package dev.cantilever.beam;

import dev.cantilever.row.SchemaException;
import org.apache.beam.sdk.coders.DefaultCoder;

/**
 * Names a batch: the query sampler assigns it and a GroupByKey keeps it, so that neither bundling
 * nor the runner changes which rows are computed together.
 *
 * @param step the PPO step
 * @param batch index of the batch within the step
 */
@DefaultCoder(BatchKeyCoder.class)
public record BatchKey(int step, int batch) {

  /** Checks that neither is below 0. */
  public BatchKey {
    if (step < 0 || batch < 0) {
      throw new SchemaException(
          "BatchKey: expected step and batch of at least 0, found "
              + step
              + " and "
              + batch
              + ". Pass indices.");
    }
  }
}
