package dev.cantilever.model;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.HeadLayout;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.hub.LinearStorage;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.TransposedStorage;
import dev.cantilever.nn.ResidualLayout;
import java.util.List;
import java.util.Optional;

/**
 * GPT-2 (transformers: {@code modeling_gpt2}): learned positions, norms before attention and MLP,
 * fused QKV, tied head; linear layers are {@code Conv1D}, stored [in, out].
 */
final class Gpt2Family implements ArchitectureFamily {

  /** What transformers takes of a config that does not say; the MLP is four times as wide. */
  private static final Gpt2Sizes DEFAULTS = new Gpt2Sizes(50_257, 1024, 768, 12, 12, 64, 4 * 768);

  @Override
  public String modelType() {
    return "gpt2";
  }

  @Override
  public Architecture architecture(ModelConfig config) {
    config.requireInactive("add_cross_attention", "attention to an encoder");
    Gpt2Sizes sizes = DEFAULTS.read(config);
    boolean scaled = config.booleanOr("scale_attn_weights", true);
    AttentionSpec attention =
        new AttentionSpec(
            sizes.heads(),
            sizes.heads(),
            sizes.headSize(),
            HeadLayout.SPLIT,
            true,
            scaled ? (float) (1 / Math.sqrt(sizes.headSize())) : 1,
            RotarySpec.NONE);
    BlockSpec block =
        BlockSpec.of(
            attention,
            AttentionBias.ALL,
            MlpSpec.plain(
                sizes.innerSize(),
                ActivationNames.read(config, "activation_function", "gelu_new"),
                true),
            ResidualLayout.PRE_NORM,
            new NormSpec(NormKind.LAYER, (float) config.doubleOr("layer_norm_epsilon", 1e-5)));
    return new Architecture(
        modelType(),
        sizes.hiddenSize(),
        sizes.layers(),
        EmbeddingSpec.withPositions(sizes.vocabSize(), sizes.hiddenSize(), sizes.positions(), 0),
        config.booleanOr("scale_attn_by_inverse_layer_idx", false)
            ? block.withScoresDividedByLayer()
            : block,
        true,
        HeadSpec.plain(config.booleanOr("tie_word_embeddings", true)),
        new ClassifierSpec(Pooling.LAST_TOKEN, Optional.empty(), false, config.labels()));
  }

  @Override
  public CheckpointNames names() {
    return Gpt2Names.of(Optional.of("transformer.wpe"), Gpt2Family::block);
  }

  private static BlockNames block(String path) {
    return new BlockNames(
        path + ".ln_1",
        List.of(path + ".attn.c_attn"),
        path + ".attn.c_proj",
        path + ".ln_2",
        List.of(path + ".mlp.c_fc"),
        path + ".mlp.c_proj");
  }

  @Override
  public LinearStorage storage(Architecture architecture, String module) {
    return new TransposedStorage();
  }
}
