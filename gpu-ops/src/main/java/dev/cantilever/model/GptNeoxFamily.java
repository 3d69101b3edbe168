package dev.cantilever.model;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.HeadLayout;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.RotarySettings;
import dev.cantilever.nn.ResidualLayout;
import java.util.List;
import java.util.Optional;

/**
 * GPT-NeoX and Pythia (transformers: {@code modeling_gpt_neox}): fused QKV interleaved per head,
 * rotary on a fraction of each head, parallel residual unless the config says otherwise, untied
 * head.
 */
final class GptNeoxFamily implements ArchitectureFamily {

  @Override
  public String modelType() {
    return "gpt_neox";
  }

  @Override
  public Architecture architecture(ModelConfig config) {
    int hidden = config.requireInt("hidden_size");
    int heads = config.requireInt("num_attention_heads");
    int headSize = HeadSize.of(config, "hidden_size", hidden, "num_attention_heads", heads);
    RotarySettings rotary = config.rotary(10_000, 0.25);
    AttentionSpec attention =
        new AttentionSpec(
            heads,
            heads,
            headSize,
            HeadLayout.INTERLEAVED,
            true,
            (float) (1 / Math.sqrt(headSize)),
            RotaryFrequencies.of(config, rotary, headSize));
    BlockSpec block =
        BlockSpec.of(
            attention,
            AttentionBias.allIf(config.booleanOr("attention_bias", true)),
            MlpSpec.plain(
                config.requireInt("intermediate_size"),
                ActivationNames.read(config, "hidden_act", "gelu"),
                true),
            config.booleanOr("use_parallel_residual", true)
                ? ResidualLayout.PARALLEL
                : ResidualLayout.PRE_NORM,
            new NormSpec(NormKind.LAYER, (float) config.doubleOr("layer_norm_eps", 1e-5)));
    return new Architecture(
        modelType(),
        hidden,
        config.requireInt("num_hidden_layers"),
        EmbeddingSpec.ofTokens(
            config.requireInt("vocab_size"),
            hidden,
            LongRows.longestRow(rotary, config.intOr("max_position_embeddings", 2048))),
        block.withLongRows(LongRows.of(config, rotary, headSize)),
        true,
        HeadSpec.plain(config.booleanOr("tie_word_embeddings", false)),
        new ClassifierSpec(Pooling.LAST_TOKEN, Optional.empty(), false, config.labels()));
  }

  @Override
  public CheckpointNames names() {
    return CheckpointNames.ofTokens(
        "gpt_neox.embed_in",
        layer -> block("gpt_neox.layers." + layer),
        "gpt_neox.final_layer_norm",
        "embed_out");
  }

  private static BlockNames block(String path) {
    return new BlockNames(
        path + ".input_layernorm",
        List.of(path + ".attention.query_key_value"),
        path + ".attention.dense",
        path + ".post_attention_layernorm",
        List.of(path + ".mlp.dense_h_to_4h"),
        path + ".mlp.dense_4h_to_h");
  }
}
