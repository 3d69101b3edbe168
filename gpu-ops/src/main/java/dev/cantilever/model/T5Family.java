package dev.cantilever.model;

import dev.cantilever.backend.Activation;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.HeadLayout;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.nn.ResidualLayout;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * T5 (Raffel et al. 2020; transformers: {@code modeling_t5}): an encoder and a decoder of RMS norms
 * before each part, scores that are not scaled and have a bias by distance, no other positions. The
 * first version has plain MLPs; version 1.1, Flan-T5, UL2 and mT5 have gated ones.
 */
final class T5Family implements ArchitectureFamily {

  private static final String MLP = "feed_forward_proj";
  private static final String GATE = "gated-";
  private static final String IS_GATED = "is_gated_act";
  private static final String ACTIVATION = "dense_act_fn";
  private static final String BUCKETS = "relative_attention_num_buckets";
  private static final String FARTHEST = "relative_attention_max_distance";
  private static final String TIED = "tie_word_embeddings";
  private static final String SCALED = "scale_decoder_outputs";
  private static final String START = "decoder_start_token_id";
  private static final String END = "eos_token_id";

  private static final String HEAD = "lm_head";
  private static final String ENCODER_TOKENS = "encoder.embed_tokens";
  private static final String DECODER_TOKENS = "decoder.embed_tokens";

  private static final Kind T5 =
      new Kind(
          "t5", "relu", OptionalInt.empty(), true, List.of(HEAD, ENCODER_TOKENS, DECODER_TOKENS));
  private static final Kind MT5 =
      new Kind(
          "mt5",
          "gated-gelu",
          OptionalInt.of(0),
          false,
          List.of(ENCODER_TOKENS, DECODER_TOKENS, HEAD));

  private final Kind kind;
  private final boolean gated;

  /**
   * What differs by the type of a model.
   *
   * @param mlp of a config that does not say which
   * @param start token of a config that does not say which; none: it must say
   * @param scales whether some scale what the head reads
   * @param tied what is {@code shared}, by {@code _tied_weights_keys}
   */
  private record Kind(
      String modelType, String mlp, OptionalInt start, boolean scales, List<String> tied) {}

  private T5Family(Kind kind, boolean gated) {
    this.kind = kind;
    this.gated = gated;
  }

  /** The first version. */
  static T5Family t5() {
    return new T5Family(T5, false);
  }

  /** Version 1.1, Flan-T5, UL2. */
  static T5Family t5Gated() {
    return new T5Family(T5, true);
  }

  /** The multilingual ones. */
  static T5Family mt5() {
    return new T5Family(MT5, true);
  }

  /** Multilingual ones of plain MLPs, which none of the published is. */
  static T5Family mt5Plain() {
    return new T5Family(MT5, false);
  }

  @Override
  public String modelType() {
    return kind.modelType();
  }

  @Override
  public boolean describes(ModelConfig config) {
    return modelType().equals(config.modelType())
        && gated == config.booleanOr(IS_GATED, mlp(config).startsWith(GATE));
  }

  private String mlp(ModelConfig config) {
    return config.stringOr(MLP, kind.mlp());
  }

  @Override
  public Architecture architecture(ModelConfig config) {
    config.requireInactive("is_decoder", "a decoder without its encoder");
    if (!config.booleanOr("is_encoder_decoder", true)) {
      throw new CheckpointException(
          "%s: expected 'is_encoder_decoder' to be true, found false. Name a model that has both."
              .formatted(config.file()));
    }
    int layers = config.requireInt("num_layers");
    EncoderSpec encoder =
        new EncoderSpec(
            stack(config, layers, false),
            attention(config, false),
            startToken(config),
            endToken(config));
    return stack(config, config.intOr("num_decoder_layers", layers), true).withEncoder(encoder);
  }

  private int startToken(ModelConfig config) {
    boolean said = config.has(START) || kind.start().isEmpty();
    return inVocabulary(config, START, said ? config.requireInt(START) : kind.start().getAsInt());
  }

  /** As transformers has it, 1 where a config is silent. */
  private static OptionalInt endToken(ModelConfig config) {
    return config.isNull(END)
        ? OptionalInt.empty()
        : OptionalInt.of(
            inVocabulary(config, END, config.eosTokenIds().stream().findFirst().orElse(1)));
  }

  private static int inVocabulary(ModelConfig config, String key, int token) {
    int size = config.requireInt("vocab_size");
    if (token < 0 || token >= size) {
      throw new CheckpointException(
          "%s: expected '%s' to be a token of the vocabulary, from 0 to below %d, found %d. Correct the config."
              .formatted(config.file(), key, size, token));
    }
    return token;
  }

  private Architecture stack(ModelConfig config, int layers, boolean decoder) {
    int hidden = config.requireInt("d_model");
    BlockSpec block =
        BlockSpec.of(
                attention(config, decoder),
                AttentionBias.NONE,
                mlpSpec(config),
                ResidualLayout.PRE_NORM,
                new NormSpec(NormKind.RMS, (float) config.doubleOr("layer_norm_epsilon", 1e-6)))
            .withDistances(distances(config, !decoder));
    return new Architecture(
        modelType(),
        hidden,
        layers,
        EmbeddingSpec.ofTokens(config.requireInt("vocab_size"), hidden, EmbeddingSpec.ANY_LENGTH),
        block,
        true,
        head(config, hidden),
        new ClassifierSpec(Pooling.LAST_TOKEN, Optional.empty(), true, config.labels()));
  }

  private static AttentionSpec attention(ModelConfig config, boolean causal) {
    int heads = config.requireInt("num_heads");
    int size = config.requireInt("d_kv");
    return new AttentionSpec(heads, heads, size, HeadLayout.SPLIT, causal, 1, RotarySpec.NONE);
  }

  private MlpSpec mlpSpec(ModelConfig config) {
    int inner = config.requireInt("d_ff");
    return gated
        ? MlpSpec.gated(inner, activation(config), false)
        : MlpSpec.plain(inner, activation(config), false);
  }

  /** By its own key, which transformers writes beside the one that it is made from. */
  private Activation activation(ModelConfig config) {
    if (config.has(ACTIVATION)) {
      return ActivationNames.read(config, ACTIVATION);
    }
    String name = mlp(config);
    String plain = name.startsWith(GATE) ? name.substring(GATE.length()) : name;
    return ActivationNames.of(config, MLP, name.equals("gated-gelu") ? "gelu_new" : plain);
  }

  private static DistanceBuckets distances(ModelConfig config, boolean bothDirections) {
    int rows = config.intOr(BUCKETS, 32);
    int farthest = config.intOr(FARTHEST, 128);
    if (rows < 4
        || rows % 2 != 0
        || farthest <= rows / 2
        || farthest > DistanceBuckets.MOST_DISTANCE) {
      throw new CheckpointException(
          "%s: expected '%s' to be even and at least 4, and '%s' above half of it and up to %d, found %d and %d. Correct the config."
              .formatted(
                  config.file(), BUCKETS, FARTHEST, DistanceBuckets.MOST_DISTANCE, rows, farthest));
    }
    return new DistanceBuckets(rows, farthest, bothDirections);
  }

  /**
   * The first version scales what its head reads by 1/√C; version 1.1 does not, and says so by
   * {@code tie_word_embeddings}. Where transformers 5 has saved them that is always true, and
   * {@code scale_decoder_outputs} tells them apart. Multilingual ones never do.
   */
  private HeadSpec head(ModelConfig config, int hidden) {
    boolean scaled = kind.scales() && config.booleanOr(SCALED, config.booleanOr(TIED, true));
    float scale = scaled ? (float) (1 / Math.sqrt(hidden)) : 1;
    return new HeadSpec(HeadTying.TIED_UNLESS_STORED, false, 0, scale);
  }

  @Override
  public CheckpointNames names() {
    return new CheckpointNames(
        "shared",
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        layer -> block("decoder.block." + layer, 2),
        Optional.of("decoder.final_layer_norm"),
        Optional.empty(),
        Optional.of(HEAD),
        new ClassifierNames(
            Optional.of("classification_head.dense"), "classification_head.out_proj"));
  }

  @Override
  public Optional<EncoderNames> encoderNames() {
    return Optional.of(
        new EncoderNames(
            layer -> block("encoder.block." + layer, 1),
            "encoder.final_layer_norm",
            layer -> cross("decoder.block." + layer + ".layer.1"),
            ENCODER_TOKENS,
            DECODER_TOKENS,
            kind.tied()));
  }

  /**
   * Names of a block.
   *
   * @param mlp which of the block's parts is the MLP
   */
  private BlockNames block(String path, int mlp) {
    String attention = path + ".layer.0.SelfAttention";
    String dense = path + ".layer." + mlp + ".DenseReluDense";
    return new BlockNames(
            path + ".layer.0.layer_norm",
            List.of(attention + ".q", attention + ".k", attention + ".v"),
            attention + ".o",
            path + ".layer." + mlp + ".layer_norm",
            gated ? List.of(dense + ".wi_0", dense + ".wi_1") : List.of(dense + ".wi"),
            dense + ".wo")
        .withDistanceBias(attention + ".relative_attention_bias");
  }

  private static CrossNames cross(String path) {
    String attention = path + ".EncDecAttention";
    return new CrossNames(
        path + ".layer_norm",
        attention + ".q",
        List.of(attention + ".k", attention + ".v"),
        attention + ".o");
  }
}
