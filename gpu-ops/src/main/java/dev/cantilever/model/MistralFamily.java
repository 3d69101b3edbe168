package dev.cantilever.model;

import dev.cantilever.hub.ModelConfig;

/**
 * Mistral (transformers: {@code modeling_mistral}): Llama without biases, attention within a window
 * unless the config says null, as that of 7B v0.2 and later and of Nemo does.
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
