package dev.cantilever.model;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.RotarySettings;
import dev.cantilever.nn.ResidualLayout;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Phi-1, 1.5 and 2 (transformers: {@code modeling_phi}): attention and MLP in parallel behind one
 * norm, rotary on a fraction of each head, biases everywhere, that of the head among them.
 */
final class PhiFamily implements ArchitectureFamily {

  @Override
  public String modelType() {
    return "phi";
  }

  @Override
  public Architecture architecture(ModelConfig config) {
    if (config.booleanOr("qk_layernorm", false)) {
      throw new CheckpointException(
          "%s: expected 'qk_layernorm' to be false, found true. Norms of heads with a bias are not computed here: use a model without them."
              .formatted(config.file()));
    }
    int hidden = config.requireInt("hidden_size");
    RotarySettings rotary = config.rotary(10_000, 0.5);
    AttentionSpec attention = LlamaDescription.attention(config, OptionalInt.empty(), rotary);
    BlockSpec block =
        BlockSpec.of(
            attention,
            AttentionBias.ALL,
            MlpSpec.plain(
                config.requireInt("intermediate_size"),
                ActivationNames.read(config, "hidden_act", "gelu_new"),
                true),
            ResidualLayout.PARALLEL,
            new NormSpec(NormKind.LAYER, (float) config.doubleOr("layer_norm_eps", 1e-5)));
    return new Architecture(
        modelType(),
        hidden,
        config.requireInt("num_hidden_layers"),
        EmbeddingSpec.ofTokens(
            config.requireInt("vocab_size"),
            hidden,
            LongRows.longestRow(rotary, config.intOr("max_position_embeddings", 2048))),
        block.withLongRows(LongRows.of(config, rotary, attention.headSize())),
        true,
        HeadSpec.plain(config.booleanOr("tie_word_embeddings", false)).biased(),
        new ClassifierSpec(Pooling.LAST_TOKEN, Optional.empty(), false, config.labels()));
  }

  @Override
  public CheckpointNames names() {
    return CheckpointNames.ofTokens(
        "model.embed_tokens",
        layer -> block("model.layers." + layer),
        "model.final_layernorm",
        "lm_head");
  }

  private static BlockNames block(String path) {
    return new BlockNames(
        path + ".input_layernorm",
        List.of(path + ".self_attn.q_proj", path + ".self_attn.k_proj", path + ".self_attn.v_proj"),
        path + ".self_attn.dense",
        path + ".input_layernorm",
        List.of(path + ".mlp.fc1"),
        path + ".mlp.fc2");
  }
}
