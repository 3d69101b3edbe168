package dev.cantilever.model;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.HeadLayout;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.nn.ResidualLayout;
import java.util.List;
import java.util.Optional;

/**
 * OPT and OPT-IML (transformers: {@code modeling_opt}): learned positions of which the first two
 * are unused, norms before attention and MLP with one at the end, tied head; the one of 350 million
 * parameters has norms behind instead, none at the end, and a narrower embedding.
 */
final class OptFamily implements ArchitectureFamily {

  /** torch's, which the config cannot change. */
  private static final float NORM_EPS = 1e-5f;

  private static final int UNUSED_POSITIONS = 2;

  @Override
  public String modelType() {
    return "opt";
  }

  @Override
  public Architecture architecture(ModelConfig config) {
    int hidden = config.intOr("hidden_size", 768);
    boolean normsBefore = config.booleanOr("do_layer_norm_before", true);
    return new Architecture(
        modelType(),
        hidden,
        config.intOr("num_hidden_layers", 12),
        EmbeddingSpec.withPositions(
            config.intOr("vocab_size", 50_272),
            config.intOr("word_embed_proj_dim", hidden),
            config.intOr("max_position_embeddings", 2048),
            UNUSED_POSITIONS),
        block(config, hidden, normsBefore),
        normsBefore && !config.booleanOr("_remove_final_layer_norm", false),
        HeadSpec.plain(config.booleanOr("tie_word_embeddings", true)),
        new ClassifierSpec(Pooling.LAST_TOKEN, Optional.empty(), false, config.labels()));
  }

  private static BlockSpec block(ModelConfig config, int hidden, boolean normsBefore) {
    int heads = config.intOr("num_attention_heads", 12);
    int headSize = HeadSize.of(config, "hidden_size", hidden, "num_attention_heads", heads);
    boolean bias = config.booleanOr("enable_bias", true);
    boolean affine = config.booleanOr("layer_norm_elementwise_affine", true);
    AttentionSpec attention =
        new AttentionSpec(
            heads,
            heads,
            headSize,
            HeadLayout.SPLIT,
            true,
            (float) (1 / Math.sqrt(headSize)),
            RotarySpec.NONE);
    return BlockSpec.of(
        attention,
        AttentionBias.allIf(bias),
        MlpSpec.plain(
            config.intOr("ffn_dim", 3072),
            ActivationNames.read(config, "activation_function", "relu"),
            bias),
        normsBefore ? ResidualLayout.PRE_NORM : ResidualLayout.POST_NORM,
        new NormSpec(affine ? NormKind.LAYER : NormKind.PLAIN_LAYER, NORM_EPS));
  }

  @Override
  public CheckpointNames names() {
    return new CheckpointNames(
        "model.decoder.embed_tokens",
        Optional.of("model.decoder.project_in"),
        Optional.of("model.decoder.embed_positions"),
        Optional.empty(),
        layer -> block("model.decoder.layers." + layer),
        Optional.of("model.decoder.final_layer_norm"),
        Optional.of("model.decoder.project_out"),
        Optional.of("lm_head"),
        new ClassifierNames(Optional.empty(), "score"));
  }

  private static BlockNames block(String path) {
    return new BlockNames(
        path + ".self_attn_layer_norm",
        List.of(path + ".self_attn.q_proj", path + ".self_attn.k_proj", path + ".self_attn.v_proj"),
        path + ".self_attn.out_proj",
        path + ".final_layer_norm",
        List.of(path + ".fc1"),
        path + ".fc2");
  }
}
