package dev.cantilever.model;

import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;

/**
 * Mistral without a sliding window, as 7B v0.2 and later and Nemo are (transformers: {@code
 * modeling_mistral}): Llama without biases. A window no shorter than any row is none.
 */
final class MistralFamily implements ArchitectureFamily {

  private static final String WINDOW = "sliding_window";

  /** Of a config that does not have the key; null says that there is no window. */
  private static final int DEFAULT_WINDOW = 4096;

  @Override
  public String modelType() {
    return "mistral";
  }

  @Override
  public Architecture architecture(ModelConfig config) {
    Architecture architecture = new LlamaDescription(false, false, false).read(config);
    int longest = architecture.embedding().maxPositions();
    boolean none = config.json().has(WINDOW) && !config.has(WINDOW);
    int window = config.intOr(WINDOW, DEFAULT_WINDOW);
    if (!none && window < longest) {
      throw new CheckpointException(
          "%s: expected '%s' to be null or at least max_position_embeddings %d, found %d. Attention within a window is not supported: use a model without it, or lower max_position_embeddings to the window and keep rows within it."
              .formatted(config.file(), WINDOW, longest, window));
    }
    return architecture;
  }

  @Override
  public CheckpointNames names() {
    return LlamaDescription.names();
  }
}
