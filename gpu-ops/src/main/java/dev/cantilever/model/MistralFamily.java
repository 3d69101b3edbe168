package dev.cantilever.model;

import dev.cantilever.hub.ModelConfig;

/**
 * Mistral without a sliding window, as 7B v0.2 and later and Nemo are (transformers: {@code
 * modeling_mistral}): Llama without biases.
 */
final class MistralFamily implements ArchitectureFamily {

  /** Of a config that does not have the key. */
  private static final int DEFAULT_WINDOW = 4096;

  @Override
  public String modelType() {
    return "mistral";
  }

  @Override
  public Architecture architecture(ModelConfig config) {
    return LlamaDescription.model(
        config,
        LlamaDescription.block(config, AttentionBias.NONE, false),
        SlidingWindows.everywhere(config, SlidingWindows.window(config, DEFAULT_WINDOW)),
        false);
  }

  @Override
  public CheckpointNames names() {
    return LlamaDescription.names();
  }
}
