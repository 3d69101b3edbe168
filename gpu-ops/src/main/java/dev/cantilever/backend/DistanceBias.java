package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;

/**
 * What the scores of each head get added for how far a key is from the query, as the relative
 * attention bias of T5 (Raffel et al. 2020): the score of the query at position i and the key at
 * position j grows by the value of the distance j − i; a larger distance has the value of the
 * largest of its sign. Frozen: attention gives it no gradient.
 *
 * @param values [H, 2·M + 1] F32, for each query head the values of the distances from −M to M
 */
public record DistanceBias(Tensor values) {

  /** M, the largest distance that has a value of its own. */
  public int farthest() {
    return values.size(1) / 2;
  }
}
