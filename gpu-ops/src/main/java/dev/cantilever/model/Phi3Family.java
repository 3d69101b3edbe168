package dev.cantilever.model;

import dev.cantilever.hub.ModelConfig;
import java.util.List;
import java.util.OptionalInt;

/**
 * Phi-3, 3.5 and 4 (transformers: {@code modeling_phi3}): Llama with one projection to queries,
 * keys and values and one to gate and up, and perhaps {@code longrope} positions, see {@link
 * LongRows}.
 */
final class Phi3Family implements ArchitectureFamily {

  private static final double DEFAULT_EPS = 1e-5;

  @Override
  public String modelType() {
    return "phi3";
  }

  @Override
  public Architecture architecture(ModelConfig config) {
    BlockSpec block =
        LlamaDescription.block(
            LlamaDescription.attention(config, OptionalInt.empty()),
            AttentionBias.NONE,
            LlamaDescription.mlp(config, ActivationNames.read(config, "hidden_act", "silu"), false),
            LlamaDescription.norm(config, NormKind.RMS, DEFAULT_EPS));
    int window = SlidingWindows.window(config, SlidingWindows.NONE);
    return LlamaDescription.model(config, block, SlidingWindows.everywhere(config, window), false);
  }

  @Override
  public CheckpointNames names() {
    return LlamaDescription.names(Phi3Family::block);
  }

  private static BlockNames block(String path) {
    return new BlockNames(
        path + ".input_layernorm",
        List.of(path + ".self_attn.qkv_proj"),
        path + ".self_attn.o_proj",
        path + ".post_attention_layernorm",
        List.of(path + ".mlp.gate_up_proj"),
        path + ".mlp.down_proj");
  }
}
