package dev.cantilever.model;

/**
 * A model as a description. The three forward passes that exist read nothing else.
 *
 * @param modelType the family, as in {@code config.json}
 * @param hiddenSize C
 * @param layers L
 * @param embedding how token ids enter
 * @param block the block, the same in every layer
 * @param finalNorm whether the stream is normalised before the head
 * @param tiedHead whether the language-model head is the token embedding
 * @param headBias whether the language-model head has a bias
 * @param classifier the classification head, used where the model is loaded as a classifier
 */
public record Architecture(
    String modelType,
    int hiddenSize,
    int layers,
    EmbeddingSpec embedding,
    BlockSpec block,
    boolean finalNorm,
    boolean tiedHead,
    boolean headBias,
    ClassifierSpec classifier) {

  /** E, the width of what heads read. */
  public int outputSize() {
    return embedding.size();
  }
}
