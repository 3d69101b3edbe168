package dev.cantilever.model;

/**
 * How token ids enter the residual stream.
 *
 * @param vocabSize V, rows of the table
 * @param size E, width of the table; where it is not C, projections lead from it to the stream and
 *     from the stream's end to it
 * @param maxPositions longest row the model was made for, or {@link #ANY_LENGTH}
 * @param learnedPositions whether a table of positions is added
 * @param unusedPositions rows of that table before the one of position 0
 * @param norm whether the sum is normalised
 */
public record EmbeddingSpec(
    int vocabSize,
    int size,
    int maxPositions,
    boolean learnedPositions,
    int unusedPositions,
    boolean norm) {

  /** Of a model that says nothing of the length of its rows. */
  static final int ANY_LENGTH = Integer.MAX_VALUE;

  /** Without positions and norm: a table as wide as the stream. */
  static EmbeddingSpec ofTokens(int vocabSize, int size, int maxPositions) {
    return new EmbeddingSpec(vocabSize, size, maxPositions, false, 0, false);
  }

  /** With learned positions, the first ones of whose table are unused, and no norm. */
  static EmbeddingSpec withPositions(
      int vocabSize, int size, int maxPositions, int unusedPositions) {
    return new EmbeddingSpec(vocabSize, size, maxPositions, true, unusedPositions, false);
  }

  /** The same with a norm behind the sum. */
  EmbeddingSpec normalized() {
    return new EmbeddingSpec(
        vocabSize, size, maxPositions, learnedPositions, unusedPositions, true);
  }
}
