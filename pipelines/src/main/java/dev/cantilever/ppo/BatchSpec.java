package dev.cantilever.ppo;

import java.io.Serializable;

/**
 * How the rows of a step are gone over.
 *
 * @param rows rollouts in a step ({@code batch_size})
 * @param miniBatchSize rows between two optimiser steps ({@code mini_batch_size}); divides {@code
 *     rows}
 * @param epochs passes over the rows ({@code ppo_epochs})
 */
public record BatchSpec(int rows, int miniBatchSize, int epochs) implements Serializable {
  public BatchSpec {
    requireAtLeastOne("rows", rows);
    requireAtLeastOne("mini_batch_size", miniBatchSize);
    requireAtLeastOne("epochs", epochs);
    if (rows % miniBatchSize != 0) {
      throw new PpoException(
          "rows, mini_batch_size: expected rows that divide evenly into mini-batches, found rows="
              + rows
              + " and mini_batch_size="
              + miniBatchSize
              + " (remainder "
              + rows % miniBatchSize
              + "); change one of the two");
    }
  }

  /** trl's defaults: 128 rows in one mini-batch, 4 epochs. */
  public static BatchSpec defaults() {
    return new BatchSpec(128, 128, 4);
  }

  /** Mini-batches, and optimiser steps, in one epoch. */
  public int miniBatches() {
    return rows / miniBatchSize;
  }

  /** The same rows and epochs with another mini-batch size. */
  public BatchSpec withMiniBatchSize(int newMiniBatchSize) {
    return new BatchSpec(rows, newMiniBatchSize, epochs);
  }

  /** The same rows and mini-batches with another number of epochs. */
  public BatchSpec withEpochs(int newEpochs) {
    return new BatchSpec(rows, miniBatchSize, newEpochs);
  }

  private static void requireAtLeastOne(String key, int value) {
    if (value < 1) {
      throw new PpoException(key + ": expected 1 or more, found " + value + "; correct the recipe");
    }
  }
}
