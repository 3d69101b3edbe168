package dev.cantilever.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cantilever.hub.CheckpointException;
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
    config.requireInactive("use_sliding_window", "attention within a window");
    for (JsonNode type : config.json().path("layer_types")) {
      if (!type.asText().equals("full_attention")) {
        throw new CheckpointException(
            "%s: expected 'layer_types' of 'full_attention' alone, found %s. Attention within a window is not supported: use a model without it."
                .formatted(config.file(), type));
      }
    }
    return new LlamaDescription(true, false, false).read(config);
  }

  @Override
  public CheckpointNames names() {
    return LlamaDescription.names();
  }
}
