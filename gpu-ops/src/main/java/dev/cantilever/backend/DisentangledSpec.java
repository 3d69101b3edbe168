package dev.cantilever.backend;

import java.util.OptionalInt;

/**
 * What a disentangled attention computes beside the products of queries and keys. As many key heads
 * as query heads; queries, keys and values of all heads follow each other.
 *
 * @param heads H
 * @param headSize D
 * @param scale factor on the sum of a score's terms, 1/√(D·terms) in DeBERTa
 * @param positionKeys first column of the keys of relative positions, [H·D], which queries are
 *     multiplied by; absent: there is no such term
 * @param positionQueries first column of the queries of relative positions, which keys are
 *     multiplied by; absent: there is no such term
 */
public record DisentangledSpec(
    int heads, int headSize, float scale, OptionalInt positionKeys, OptionalInt positionQueries) {

  /** Checks that the numbers belong together. */
  public DisentangledSpec {
    boolean columns = positionKeys.orElse(0) >= 0 && positionQueries.orElse(0) >= 0;
    boolean terms = positionKeys.isPresent() || positionQueries.isPresent();
    if (heads <= 0 || headSize <= 0 || !columns || !terms) {
      throw new IllegalArgumentException(
          "Expected positive heads and head size and a column of 0 or more for one or two terms, got heads=%d, headSize=%d, positionKeys=%s, positionQueries=%s"
              .formatted(heads, headSize, positionKeys, positionQueries));
    }
  }

  /** H·D, floats per token of the attention's output. */
  public int outputSize() {
    return heads * headSize;
  }

  /** W, floats per token of the fused projection. */
  public int projectionSize() {
    return 3 * outputSize();
  }

  /** Columns that a row of positions has at least. */
  public int positionSize() {
    int last = Math.max(positionKeys.orElse(0), positionQueries.orElse(0));
    return last + outputSize();
  }
}
