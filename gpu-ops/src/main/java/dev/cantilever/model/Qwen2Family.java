package dev.cantilever.model;

import dev.cantilever.hub.ModelConfig;

/**
 * Qwen2 and Qwen2.5 (transformers: {@code modeling_qwen2}): Llama with biases on the projections to
 * queries, keys and values.
 */
final class Qwen2Family implements ArchitectureFamily {

  @Override
  public String modelType() {
    return "qwen2";
  }

  @Override
  public Architecture architecture(ModelConfig config) {
    return LlamaDescription.model(
        config,
        LlamaDescription.block(config, AttentionBias.INPUTS, false),
        QwenWindows.read(config),
        false);
  }

  @Override
  public CheckpointNames names() {
    return LlamaDescription.names();
  }
}
