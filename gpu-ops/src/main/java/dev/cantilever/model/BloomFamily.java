package dev.cantilever.model;

import dev.cantilever.backend.Activation;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.HeadLayout;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.backend.ScoreSpec;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.nn.ResidualLayout;
import java.util.List;
import java.util.Optional;

/**
 * BLOOM and BLOOMZ (transformers: {@code modeling_bloom}): ALiBi instead of positions, so rows of
 * any length; a norm behind the embedding, fused QKV interleaved per head, norms before attention
 * and MLP, tied head. The MLP is four times as wide whatever the config says, as in transformers.
 */
final class BloomFamily implements ArchitectureFamily {

  private static final String SLOW = "slow_but_exact";
  private static final String PARTS = "pretraining_tp";

  @Override
  public String modelType() {
    return "bloom";
  }

  @Override
  public Architecture architecture(ModelConfig config) {
    requireWholeProducts(config);
    int hidden = config.intOr("n_embed", "hidden_size", 64);
    int heads = config.intOr("n_head", "num_attention_heads", 8);
    int headSize = HeadSize.of(config, "hidden_size", hidden, "n_head", heads);
    AttentionSpec attention =
        new AttentionSpec(
            heads,
            heads,
            headSize,
            HeadLayout.INTERLEAVED,
            true,
            (float) (1 / Math.sqrt(headSize)),
            RotarySpec.NONE,
            ScoreSpec.alibi(heads));
    BlockSpec block =
        BlockSpec.of(
            attention,
            AttentionBias.ALL,
            MlpSpec.plain(4 * hidden, Activation.GELU_TANH, true),
            config.booleanOr("apply_residual_connection_post_layernorm", false)
                ? ResidualLayout.FROM_NORMS
                : ResidualLayout.PRE_NORM,
            new NormSpec(NormKind.LAYER, (float) config.doubleOr("layer_norm_epsilon", 1e-5)));
    return new Architecture(
        modelType(),
        hidden,
        config.intOr("n_layer", "num_hidden_layers", 2),
        EmbeddingSpec.ofTokens(
                config.intOr("vocab_size", 250_880), hidden, EmbeddingSpec.ANY_LENGTH)
            .normalized(),
        block,
        true,
        HeadSpec.plain(config.booleanOr("tie_word_embeddings", true)),
        new ClassifierSpec(Pooling.LAST_TOKEN, Optional.empty(), false, config.labels()));
  }

  /** Where transformers multiplies by parts of a weight it leaves out the biases. */
  private static void requireWholeProducts(ModelConfig config) {
    int parts = config.intOr(PARTS, 1);
    if (config.booleanOr(SLOW, false) && parts > 1) {
      throw new CheckpointException(
          "%s: expected '%s' to be false where '%s' is above 1, found true and %d. It would leave out biases: set it to false."
              .formatted(config.file(), SLOW, PARTS, parts));
    }
  }

  @Override
  public CheckpointNames names() {
    return new CheckpointNames(
        "transformer.word_embeddings",
        Optional.empty(),
        Optional.empty(),
        Optional.of("transformer.word_embeddings_layernorm"),
        layer -> block("transformer.h." + layer),
        Optional.of("transformer.ln_f"),
        Optional.empty(),
        Optional.of("lm_head"),
        new ClassifierNames(Optional.empty(), "score"));
  }

  private static BlockNames block(String path) {
    return new BlockNames(
        path + ".input_layernorm",
        List.of(path + ".self_attention.query_key_value"),
        path + ".self_attention.dense",
        path + ".post_attention_layernorm",
        List.of(path + ".mlp.dense_h_to_4h"),
        path + ".mlp.dense_4h_to_h");
  }
}
