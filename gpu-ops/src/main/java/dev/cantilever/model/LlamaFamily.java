package dev.cantilever.model;

import dev.cantilever.hub.ModelConfig;

/**
 * Llama 1 to 3 and whoever publishes under their {@code model_type} (transformers: {@code
 * modeling_llama}); biases only where the config asks for them.
 */
final class LlamaFamily implements ArchitectureFamily {

  @Override
  public String modelType() {
    return "llama";
  }

  @Override
  public Architecture architecture(ModelConfig config) {
    AttentionBias bias = AttentionBias.allIf(config.booleanOr("attention_bias", false));
    return LlamaDescription.model(
        config, LlamaDescription.block(config, bias, config.booleanOr("mlp_bias", false)));
  }

  @Override
  public CheckpointNames names() {
    return LlamaDescription.names();
  }
}
