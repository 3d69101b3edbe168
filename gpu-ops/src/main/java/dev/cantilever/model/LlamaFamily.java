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
    boolean attentionBias = config.booleanOr("attention_bias", false);
    boolean mlpBias = config.booleanOr("mlp_bias", false);
    return new LlamaDescription(attentionBias, attentionBias, mlpBias).read(config);
  }

  @Override
  public CheckpointNames names() {
    return LlamaDescription.names();
  }
}
