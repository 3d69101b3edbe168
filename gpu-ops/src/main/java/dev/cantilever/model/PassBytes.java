package dev.cantilever.model;

import java.io.Serializable;

/**
 * Sizes of the arenas of {@link PassMemory} where they are known in advance, so that each is one
 * piece, which batches of any shape up to the planned one share; 0 where one is not known.
 *
 * @param batch bytes of inputs
 * @param kept bytes of what stays until a pass is done
 * @param scratch bytes of what lives within a block
 * @param cache bytes of the KV cache of a generation, page table included
 */
public record PassBytes(long batch, long kept, long scratch, long cache) implements Serializable {

  /** Nothing is known: arenas grow. */
  public static final PassBytes UNKNOWN = new PassBytes(0, 0, 0, 0);

  /** Checks the sizes. */
  public PassBytes {
    if (batch < 0 || kept < 0 || scratch < 0 || cache < 0) {
      throw new IllegalArgumentException(
          "Expected sizes of 0 bytes or more, got %d, %d, %d and %d"
              .formatted(batch, kept, scratch, cache));
    }
  }
}
