package dev.cantilever.tensor;

/**
 * How the bytes of an {@link Int8Weight} are executed. One mode serves rollout, reference and
 * update alike.
 */
public enum Int8Mode {
  /**
   * The weight is dequantised inside the product; activations stay as they are. A row's result
   * never depends on its batch-mates.
   */
  WEIGHT_ONLY,
  /**
   * LLM.int8() (Dettmers et al. 2022, arXiv 2208.07339, section 3): activations are quantised per
   * row, columns holding an outlier of magnitude 6.0 or more are multiplied in floating point.
   * Which columns those are depends on the whole batch.
   */
  LLM_INT8
}
