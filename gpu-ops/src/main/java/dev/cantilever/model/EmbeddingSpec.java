package dev.cantilever.model;

/**
 * How token ids enter the residual stream.
 *
 * @param vocabSize V, rows of the table
 * @param size E, width of the table; where it is not C, a projection leads from it to the stream
 * @param maxPositions longest row the model was made for; {@link #ANY_LENGTH} where nothing limits
 *     it
 * @param learnedPositions whether a table of positions is added
 * @param unusedPositions rows of that table before the one of position 0
 * @param scale factor on the rows of the table of tokens
 * @param norm whether the sum is normalised
 * @param tokenTypes rows of the table of token types, of which a token has one; 0 for no such table
 * @param projection what a projection takes, and whether another leads back
 */
public record EmbeddingSpec(
    int vocabSize,
    int size,
    int maxPositions,
    boolean learnedPositions,
    int unusedPositions,
    float scale,
    boolean norm,
    int tokenTypes,
    EmbeddingProjection projection) {

  /**
   * The longest row of a model that has no table of positions, and no angle of them or one for any
   * length.
   */
  public static final int ANY_LENGTH = Integer.MAX_VALUE;

  /** Without positions and norm: a table as wide as the stream. */
  static EmbeddingSpec ofTokens(int vocabSize, int size, int maxPositions) {
    return new EmbeddingSpec(
        vocabSize, size, maxPositions, false, 0, 1, false, 0, EmbeddingProjection.OF_TOKENS);
  }

  /** With learned positions, the first ones of whose table are unused, and no norm. */
  static EmbeddingSpec withPositions(
      int vocabSize, int size, int maxPositions, int unusedPositions) {
    return new EmbeddingSpec(
        vocabSize,
        size,
        maxPositions,
        true,
        unusedPositions,
        1,
        false,
        0,
        EmbeddingProjection.OF_TOKENS);
  }

  /** The same with a norm behind the sum. */
  EmbeddingSpec normalized() {
    return with(scale, true, tokenTypes, projection);
  }

  /** The same with a factor on the rows of the table of tokens. */
  EmbeddingSpec scaledBy(float factor) {
    return with(factor, norm, tokenTypes, projection);
  }

  /** The same with a table of token types. */
  EmbeddingSpec withTypes(int types) {
    return with(scale, norm, types, projection);
  }

  /** The same with positions and types as wide as the table of tokens, whatever that is. */
  EmbeddingSpec projectedAsSum() {
    return with(scale, norm, tokenTypes, EmbeddingProjection.OF_SUM);
  }

  private EmbeddingSpec with(
      float factor, boolean normalized, int types, EmbeddingProjection projected) {
    return new EmbeddingSpec(
        vocabSize,
        size,
        maxPositions,
        learnedPositions,
        unusedPositions,
        factor,
        normalized,
        types,
        projected);
  }
}
