package dev.cantilever.model;

import dev.cantilever.backend.Activation;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.HeadLayout;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.RotarySettings;
import dev.cantilever.nn.ResidualLayout;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * What Llama and those built after it have in common, in the parts that their families put
 * together: RMS norms before attention and MLP, projections to queries, keys and values with fewer
 * key heads than query heads, rotary over leading dimensions of heads, a gated MLP; and the names
 * of their modules.
 */
final class LlamaDescription {

  private static final double THETA = 10_000;

  /** Of a config that does not say: what most of them have. */
  static final double EPS = 1e-6;

  private LlamaDescription() {}

  /** Llama's own block. */
  static BlockSpec block(ModelConfig config, AttentionBias bias, boolean mlpBias) {
    return block(
        attention(config, OptionalInt.empty()),
        bias,
        mlp(config, ActivationNames.read(config, "hidden_act", "silu"), mlpBias),
        norm(config, NormKind.RMS, EPS));
  }

  /** A block of norms before attention and MLP. */
  static BlockSpec block(AttentionSpec attention, AttentionBias bias, MlpSpec mlp, NormSpec norm) {
    return BlockSpec.of(attention, bias, mlp, ResidualLayout.PRE_NORM, norm);
  }

  /**
   * The heads.
   *
   * @param sizeOtherwise D where the config has no {@code head_dim}, if that is not C / H
   */
  static AttentionSpec attention(ModelConfig config, OptionalInt sizeOtherwise) {
    return attention(config, sizeOtherwise, config.rotary(THETA, 1));
  }

  /**
   * The heads, turned by other settings than a config of Llama's would have by default.
   *
   * @param sizeOtherwise as above
   */
  static AttentionSpec attention(
      ModelConfig config, OptionalInt sizeOtherwise, RotarySettings rotary) {
    int heads = config.requireInt("num_attention_heads");
    int kvHeads = config.intOr("num_key_value_heads", heads);
    if (heads < 1 || kvHeads < 1 || heads % kvHeads != 0) {
      throw new CheckpointException(
          "%s: expected num_attention_heads %d to divide by num_key_value_heads %d. Correct the config."
              .formatted(config.file(), heads, kvHeads));
    }
    int headSize = headSize(config, heads, sizeOtherwise);
    return new AttentionSpec(
        heads,
        kvHeads,
        headSize,
        HeadLayout.SPLIT,
        true,
        (float) (1 / Math.sqrt(headSize)),
        RotaryFrequencies.of(config, rotary, headSize));
  }

  private static int headSize(ModelConfig config, int heads, OptionalInt otherwise) {
    int hidden = config.requireInt("hidden_size");
    if (!config.has("head_dim") && otherwise.isEmpty() && hidden % heads != 0) {
      throw new CheckpointException(
          "%s: expected hidden_size %d to divide by num_attention_heads %d where there is no head_dim. Correct the config."
              .formatted(config.file(), hidden, heads));
    }
    return config.intOr("head_dim", otherwise.orElse(hidden / heads));
  }

  /** The gated MLP. */
  static MlpSpec mlp(ModelConfig config, Activation activation, boolean bias) {
    return MlpSpec.gated(config.requireInt("intermediate_size"), activation, bias);
  }

  /**
   * The norms.
   *
   * @param epsOtherwise of a config that does not say
   */
  static NormSpec norm(ModelConfig config, NormKind kind, double epsOtherwise) {
    return new NormSpec(kind, (float) config.doubleOr("rms_norm_eps", epsOtherwise));
  }

  /** A model whose attention has no window. */
  static Architecture model(ModelConfig config, BlockSpec block) {
    return model(config, block, SlidingWindows.everywhere(config, SlidingWindows.NONE), false);
  }

  /**
   * A model.
   *
   * @param windows of the attention in each layer
   * @param tiedOtherwise whether the head is tied where the config does not say
   */
  static Architecture model(
      ModelConfig config, BlockSpec block, List<Integer> windows, boolean tiedOtherwise) {
    int hidden = config.requireInt("hidden_size");
    RotarySettings rotary = config.rotary(THETA, 1);
    EmbeddingSpec embedding =
        EmbeddingSpec.ofTokens(
            config.requireInt("vocab_size"),
            hidden,
            LongRows.longestRow(rotary, config.requireInt("max_position_embeddings")));
    Optional<LongRows> longRows = LongRows.of(config, rotary, block.attention().headSize());
    return new Architecture(
        config.modelType(),
        hidden,
        config.requireInt("num_hidden_layers"),
        embedding,
        block
            .withWindows(SlidingWindows.within(windows, embedding.maxPositions()))
            .withLongRows(longRows),
        true,
        HeadSpec.plain(config.booleanOr("tie_word_embeddings", tiedOtherwise)),
        new ClassifierSpec(Pooling.LAST_TOKEN, Optional.empty(), false, config.labels()));
  }

  /** Llama's own names. */
  static CheckpointNames names() {
    return names(LlamaDescription::block);
  }

  /**
   * Names of a checkpoint.
   *
   * @param block of the block at a path
   */
  static CheckpointNames names(Function<String, BlockNames> block) {
    return CheckpointNames.ofTokens(
        "model.embed_tokens",
        layer -> block.apply("model.layers." + layer),
        "model.norm",
        "lm_head");
  }

  /** Names of the block at a path. */
  static BlockNames block(String path) {
    return new BlockNames(
        path + ".input_layernorm",
        List.of(path + ".self_attn.q_proj", path + ".self_attn.k_proj", path + ".self_attn.v_proj"),
        path + ".self_attn.o_proj",
        path + ".post_attention_layernorm",
        List.of(path + ".mlp.gate_proj", path + ".mlp.up_proj"),
        path + ".mlp.down_proj");
  }
}
