package dev.cantilever.model;

import java.util.Optional;
import java.util.function.IntFunction;

/**
 * Where the parts of an {@link Architecture} stand in a checkpoint, as module paths.
 *
 * @param tokens token embedding
 * @param projectionIn from the token embedding to the stream, where they differ in width
 * @param positions position embedding, if there is one
 * @param tokenTypes embedding of token types, if there is one
 * @param embeddingNorm norm behind the embeddings, if there is one
 * @param block paths of block i
 * @param finalNorm norm before the head, if there is one
 * @param projectionOut back to the width of the token embedding
 * @param languageHead output layer of the language model, if the family has one
 * @param classifier classification head
 * @param relative relative positions, if there are any
 * @param convolution what joins the stream behind the first block, if anything does
 */
public record CheckpointNames(
    String tokens,
    Optional<String> projectionIn,
    Optional<String> positions,
    Optional<String> tokenTypes,
    Optional<String> embeddingNorm,
    IntFunction<BlockNames> block,
    Optional<String> finalNorm,
    Optional<String> projectionOut,
    Optional<String> languageHead,
    ClassifierNames classifier,
    Optional<RelativeNames> relative,
    Optional<ConvolutionNames> convolution) {

  /**
   * Names of a checkpoint whose tokens are of one type, without relative positions and convolution.
   */
  CheckpointNames(
      String tokens,
      Optional<String> projectionIn,
      Optional<String> positions,
      Optional<String> embeddingNorm,
      IntFunction<BlockNames> block,
      Optional<String> finalNorm,
      Optional<String> projectionOut,
      Optional<String> languageHead,
      ClassifierNames classifier) {
    this(
        tokens,
        projectionIn,
        positions,
        Optional.empty(),
        embeddingNorm,
        block,
        finalNorm,
        projectionOut,
        languageHead,
        classifier,
        Optional.empty(),
        Optional.empty());
  }

  /** Names of a decoder whose stream begins with the embeddings of tokens alone. */
  static CheckpointNames ofTokens(
      String tokens, IntFunction<BlockNames> block, String finalNorm, String languageHead) {
    return new CheckpointNames(
        tokens,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        block,
        Optional.of(finalNorm),
        Optional.empty(),
        Optional.of(languageHead),
        new ClassifierNames(Optional.empty(), "score"));
  }
}
