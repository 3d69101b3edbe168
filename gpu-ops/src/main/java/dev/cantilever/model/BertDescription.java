package dev.cantilever.model;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.HeadLayout;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.nn.ResidualLayout;
import java.util.List;
import java.util.Optional;

/**
 * What BERT and those built after it have in common: attention in both directions, norms behind
 * attention and MLP, learned positions and types of tokens with a norm behind their sum; and the
 * names of their modules.
 */
final class BertDescription {

  private static final double NORM_EPS = 1e-12;
  private static final int TOKEN_TYPES = 2;

  private BertDescription() {}

  /**
   * Reads an encoder with learned positions.
   *
   * @param unusedPositions rows of the table of positions before that of a row's first token
   */
  static Architecture read(ModelConfig config, int unusedPositions, ClassifierSpec classifier) {
    requireEncoder(config);
    if (!config.stringOr("position_embedding_type", "absolute").equals("absolute")) {
      throw new CheckpointException(
          "%s: expected 'position_embedding_type' to be 'absolute', found '%s'. This project does not compute it: use a model without it."
              .formatted(config.file(), config.requireString("position_embedding_type")));
    }
    int hidden = config.requireInt("hidden_size");
    int rows = config.requireInt("max_position_embeddings");
    if (rows <= unusedPositions) {
      throw new CheckpointException(
          "%s: expected 'max_position_embeddings' above %d, the positions that no token has, found %d. Correct the config."
              .formatted(config.file(), unusedPositions, rows));
    }
    return new Architecture(
        config.modelType(),
        hidden,
        config.requireInt("num_hidden_layers"),
        EmbeddingSpec.withPositions(
                config.requireInt("vocab_size"), hidden, rows - unusedPositions, unusedPositions)
            .withTypes(config.intOr("type_vocab_size", TOKEN_TYPES))
            .normalized(),
        block(config, attention(config, 1), config.doubleOr("layer_norm_eps", NORM_EPS)),
        false,
        HeadSpec.plain(true),
        classifier);
  }

  /** Refuses what makes another model of the same settings. */
  static void requireEncoder(ModelConfig config) {
    config.requireInactive("is_decoder", "attention to what came before alone");
    config.requireInactive("add_cross_attention", "attention to another encoder");
    config.requireInactive("pruned_heads", "layers with fewer heads");
  }

  /**
   * The attention, over whole rows.
   *
   * @param terms of a score, whose variances add up: it is divided by √(D·terms)
   */
  static AttentionSpec attention(ModelConfig config, int terms) {
    int heads = config.requireInt("num_attention_heads");
    int size =
        HeadSize.of(
            config, "hidden_size", config.requireInt("hidden_size"), "num_attention_heads", heads);
    float scale = (float) (1 / Math.sqrt((double) size * terms));
    return new AttentionSpec(heads, heads, size, HeadLayout.SPLIT, false, scale, RotarySpec.NONE);
  }

  static BlockSpec block(ModelConfig config, AttentionSpec attention, double normEps) {
    return BlockSpec.of(
        attention,
        AttentionBias.ALL,
        MlpSpec.plain(
            config.requireInt("intermediate_size"),
            ActivationNames.read(config, "hidden_act", "gelu"),
            true),
        ResidualLayout.POST_NORM,
        new NormSpec(NormKind.LAYER, (float) normEps));
  }

  /**
   * Names of a checkpoint.
   *
   * @param model path of everything before the head
   */
  static CheckpointNames names(String model, ClassifierNames classifier) {
    return new CheckpointNames(
        model + ".embeddings.word_embeddings",
        Optional.empty(),
        Optional.of(model + ".embeddings.position_embeddings"),
        Optional.of(model + ".embeddings.token_type_embeddings"),
        Optional.of(model + ".embeddings.LayerNorm"),
        layer -> block(model + ".encoder.layer." + layer, List.of("query", "key", "value")),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        classifier,
        Optional.empty(),
        Optional.empty());
  }

  /**
   * Names of a block.
   *
   * @param projections what those to queries, keys and values are called
   */
  static BlockNames block(String path, List<String> projections) {
    return new BlockNames(
        path + ".attention.output.LayerNorm",
        projections.stream().map(name -> path + ".attention.self." + name).toList(),
        path + ".attention.output.dense",
        path + ".output.LayerNorm",
        List.of(path + ".intermediate.dense"),
        path + ".output.dense");
  }
}
