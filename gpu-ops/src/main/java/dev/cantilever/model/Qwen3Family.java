package dev.cantilever.model;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.hub.ModelConfig;
import java.util.OptionalInt;

/**
 * Qwen3 (transformers: {@code modeling_qwen3}): Llama with norms of each query and key head, whose
 * size does not follow from the stream's width.
 */
final class Qwen3Family implements ArchitectureFamily {

  private static final int DEFAULT_HEAD_SIZE = 128;

  @Override
  public String modelType() {
    return "qwen3";
  }

  @Override
  public Architecture architecture(ModelConfig config) {
    AttentionSpec attention = LlamaDescription.attention(config, OptionalInt.of(DEFAULT_HEAD_SIZE));
    BlockSpec block =
        LlamaDescription.block(
            attention,
            AttentionBias.allIf(config.booleanOr("attention_bias", false)),
            LlamaDescription.mlp(config, ActivationNames.read(config, "hidden_act", "silu"), false),
            LlamaDescription.norm(config, NormKind.RMS, LlamaDescription.EPS));
    return LlamaDescription.model(config, block.withHeadNorms(), QwenWindows.read(config), false);
  }

  @Override
  public CheckpointNames names() {
    return LlamaDescription.names(
        path ->
            LlamaDescription.block(path)
                .withHeadNorms(path + ".self_attn.q_norm", path + ".self_attn.k_norm"));
  }
}
