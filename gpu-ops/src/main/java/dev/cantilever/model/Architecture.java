package dev.cantilever.model;

import dev.cantilever.hub.TaskType;
import java.util.Optional;

/**
 * A model as a description. The three forward passes that exist read nothing else.
 *
 * @param modelType the family, as in {@code config.json}
 * @param hiddenSize C
 * @param layers L
 * @param embedding how token ids enter
 * @param block the block, the same in every layer
 * @param finalNorm whether the stream is normalised before the head
 * @param head the language-model head, used where the model is loaded as such
 * @param classifier the classification head, used where the model is loaded as a classifier
 * @param relative relative positions in the scores of attention, if there are any
 * @param convolution what joins the stream behind the first block, if anything does
 * @param encoder what the blocks' cross-attention looks at, if they have some: then all else is of
 *     the decoder
 */
public record Architecture(
    String modelType,
    int hiddenSize,
    int layers,
    EmbeddingSpec embedding,
    BlockSpec block,
    boolean finalNorm,
    HeadSpec head,
    ClassifierSpec classifier,
    Optional<RelativeSpec> relative,
    Optional<ConvolutionSpec> convolution,
    Optional<EncoderSpec> encoder) {

  /** Without relative positions, convolution and encoder. */
  Architecture(
      String modelType,
      int hiddenSize,
      int layers,
      EmbeddingSpec embedding,
      BlockSpec block,
      boolean finalNorm,
      HeadSpec head,
      ClassifierSpec classifier) {
    this(
        modelType,
        hiddenSize,
        layers,
        embedding,
        block,
        finalNorm,
        head,
        classifier,
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /** The same as a decoder of an encoder that shares its embeddings and the form of its norms. */
  Architecture withEncoder(EncoderSpec read) {
    Architecture stack = read.stack();
    if (stack.hiddenSize() != hiddenSize || !stack.block().norm().equals(block.norm())) {
      throw new IllegalArgumentException(
          "Expected an encoder of width %d with norms %s, got %d and %s"
              .formatted(hiddenSize, block.norm(), stack.hiddenSize(), stack.block().norm()));
    }
    return new Architecture(
        modelType,
        hiddenSize,
        layers,
        embedding,
        block,
        finalNorm,
        head,
        classifier,
        relative,
        convolution,
        Optional.of(read));
  }

  /** The same with token ids entering in another way. */
  Architecture withEmbedding(EmbeddingSpec other) {
    return new Architecture(
        modelType,
        hiddenSize,
        layers,
        other,
        block,
        finalNorm,
        head,
        classifier,
        relative,
        convolution,
        encoder);
  }

  /** The same with another head. */
  Architecture withHead(HeadSpec other) {
    return new Architecture(
        modelType,
        hiddenSize,
        layers,
        embedding,
        block,
        finalNorm,
        other,
        classifier,
        relative,
        convolution,
        encoder);
  }

  /**
   * The same for rows of so many tokens, and beyond the original positions then for any: a model
   * whose positions depend on how long a row is ({@link LongRows}) takes those of such a row from
   * now on.
   */
  Architecture forRowsOf(int tokens) {
    BlockSpec chosen = block.forRowsOf(tokens);
    return chosen == block
        ? this
        : new Architecture(
            modelType,
            hiddenSize,
            layers,
            embedding,
            chosen,
            finalNorm,
            head,
            classifier,
            relative,
            convolution,
            encoder);
  }

  /** Whether rows of these numbers of tokens can go through the model in one pass. */
  public boolean takesTogether(int tokens, int others) {
    return block.takesTogether(tokens, others);
  }

  /**
   * What a query, as a tokenizer gives it to be continued, ends with before it is given to the
   * model: what an encoder's rows end with, or nothing.
   */
  public int[] queryEnd() {
    return encoder.stream().flatMapToInt(read -> read.endToken().stream()).toArray();
  }

  /** What an adapter of the language model is for. */
  public TaskType taskType() {
    return encoder.isPresent() ? TaskType.SEQ_2_SEQ_LM : TaskType.CAUSAL_LM;
  }

  /** E, the width of what heads read. */
  public int outputSize() {
    return embedding.projection() == EmbeddingProjection.OF_SUM ? hiddenSize : embedding.size();
  }
}
