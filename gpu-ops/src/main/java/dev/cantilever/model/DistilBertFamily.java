package dev.cantilever.model;

import dev.cantilever.backend.Activation;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.HeadLayout;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.nn.ResidualLayout;
import java.util.List;
import java.util.Optional;

/**
 * DistilBERT (transformers: {@code modeling_distilbert}): bidirectional, learned positions, norm
 * behind the embeddings, post-norm blocks, classifier on the first token.
 */
final class DistilBertFamily implements ArchitectureFamily {

  private static final float NORM_EPS = 1e-12f;

  @Override
  public String modelType() {
    return "distilbert";
  }

  @Override
  public Architecture architecture(ModelConfig config) {
    int hidden = config.requireInt("dim");
    int heads = config.requireInt("n_heads");
    int headSize = HeadSize.of(config, "dim", hidden, "n_heads", heads);
    AttentionSpec attention =
        new AttentionSpec(
            heads,
            heads,
            headSize,
            HeadLayout.SPLIT,
            false,
            (float) (1 / Math.sqrt(headSize)),
            RotarySpec.NONE);
    BlockSpec block =
        BlockSpec.of(
            attention,
            AttentionBias.ALL,
            MlpSpec.plain(
                config.requireInt("hidden_dim"), ActivationNames.read(config, "activation"), true),
            ResidualLayout.POST_NORM,
            new NormSpec(NormKind.LAYER, NORM_EPS));
    return new Architecture(
        modelType(),
        hidden,
        config.requireInt("n_layers"),
        EmbeddingSpec.withPositions(
                config.requireInt("vocab_size"),
                hidden,
                config.requireInt("max_position_embeddings"),
                0)
            .normalized(),
        block,
        false,
        HeadSpec.plain(true),
        new ClassifierSpec(
            Pooling.FIRST_TOKEN, Optional.of(Activation.RELU), true, config.labels()));
  }

  @Override
  public CheckpointNames names() {
    return new CheckpointNames(
        "distilbert.embeddings.word_embeddings",
        Optional.empty(),
        Optional.of("distilbert.embeddings.position_embeddings"),
        Optional.of("distilbert.embeddings.LayerNorm"),
        layer -> block("distilbert.transformer.layer." + layer),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        new ClassifierNames(Optional.of("pre_classifier"), "classifier"));
  }

  private static BlockNames block(String path) {
    return new BlockNames(
        path + ".sa_layer_norm",
        List.of(path + ".attention.q_lin", path + ".attention.k_lin", path + ".attention.v_lin"),
        path + ".attention.out_lin",
        path + ".output_layer_norm",
        List.of(path + ".ffn.lin1"),
        path + ".ffn.lin2");
  }
}
