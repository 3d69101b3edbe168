package dev.cantilever.model;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.HeadLayout;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.nn.ResidualLayout;
import java.util.List;
import java.util.Optional;

/**
 * What Llama and those built after it have in common: RMS norms before attention and MLP, separate
 * projections to queries, keys and values with fewer key heads than query heads, rotary over whole
 * heads, a gated MLP; and the names of their modules.
 *
 * @param qkvBias whether the projections to queries, keys and values have biases
 * @param outputBias whether the attention's output projection has one
 * @param mlpBias whether the projections of the MLP have
 */
record LlamaDescription(boolean qkvBias, boolean outputBias, boolean mlpBias) {

  /** Reads everything else from the config. */
  Architecture read(ModelConfig config) {
    int hidden = config.requireInt("hidden_size");
    BlockSpec block =
        new BlockSpec(
            attention(config, hidden),
            false,
            qkvBias,
            outputBias,
            new MlpSpec(
                config.requireInt("intermediate_size"),
                ActivationNames.read(config, "hidden_act"),
                true,
                mlpBias),
            ResidualLayout.PRE_NORM,
            new NormSpec(NormKind.RMS, (float) config.doubleOr("rms_norm_eps", 1e-6)));
    return new Architecture(
        config.modelType(),
        hidden,
        config.requireInt("num_hidden_layers"),
        EmbeddingSpec.ofTokens(
            config.requireInt("vocab_size"), hidden, config.requireInt("max_position_embeddings")),
        block,
        true,
        config.booleanOr("tie_word_embeddings", false),
        false,
        new ClassifierSpec(Pooling.LAST_TOKEN, Optional.empty(), false, config.labels()));
  }

  private static AttentionSpec attention(ModelConfig config, int hidden) {
    int heads = config.requireInt("num_attention_heads");
    int kvHeads = config.intOr("num_key_value_heads", heads);
    if (heads < 1 || kvHeads < 1 || heads % kvHeads != 0) {
      throw new CheckpointException(
          "%s: expected num_attention_heads %d to divide by num_key_value_heads %d. Correct the config."
              .formatted(config.file(), heads, kvHeads));
    }
    if (!config.has("head_dim") && hidden % heads != 0) {
      throw new CheckpointException(
          "%s: expected hidden_size %d to divide by num_attention_heads %d where there is no head_dim. Correct the config."
              .formatted(config.file(), hidden, heads));
    }
    int headSize = config.intOr("head_dim", hidden / heads);
    if (headSize < 1) {
      throw new CheckpointException(
          "%s: expected a head_dim of at least 1, found %d. Correct the config."
              .formatted(config.file(), headSize));
    }
    return new AttentionSpec(
        heads,
        kvHeads,
        headSize,
        HeadLayout.SPLIT,
        true,
        (float) (1 / Math.sqrt(headSize)),
        RotaryFrequencies.of(config, config.rotary(10_000, 1), headSize));
  }

  static CheckpointNames names() {
    return new CheckpointNames(
        "model.embed_tokens",
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        layer -> block("model.layers." + layer),
        Optional.of("model.norm"),
        Optional.empty(),
        Optional.of("lm_head"),
        new ClassifierNames(Optional.empty(), "score"));
  }

  private static BlockNames block(String path) {
    return new BlockNames(
        path + ".input_layernorm",
        List.of(path + ".self_attn.q_proj", path + ".self_attn.k_proj", path + ".self_attn.v_proj"),
        path + ".self_attn.o_proj",
        path + ".post_attention_layernorm",
        List.of(path + ".mlp.gate_proj", path + ".mlp.up_proj"),
        path + ".mlp.down_proj");
  }
}
