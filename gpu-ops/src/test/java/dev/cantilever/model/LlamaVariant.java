package dev.cantilever.model;

import dev.cantilever.hub.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/** Llama and its kin after their {@code modeling_} files in transformers. */
enum LlamaVariant implements DecoderVariant {
  /** Biases everywhere, heads of a size of their own, one key head, a tied head. */
  LLAMA_BIASED(
      "llama",
      "'num_key_value_heads':1,'head_dim':12,'attention_bias':true,'mlp_bias':true,"
          + "'tie_word_embeddings':true",
      new Heads(12, 1),
      Set.of(Trait.ATTENTION_BIAS, Trait.MLP_BIAS, Trait.TIED)),
  /** Biases, which no published one has, and one key head for two. */
  QWEN3_BIASED(
      "qwen3",
      "'num_key_value_heads':2,'head_dim':16,'attention_bias':true,'tie_word_embeddings':true",
      new Heads(16, 2),
      Set.of(Trait.ATTENTION_BIAS, Trait.HEAD_NORMS, Trait.TIED)),
  /** As published, its activation by the older name. */
  GEMMA(
      "gemma",
      "'num_key_value_heads':1,'head_dim':16,'hidden_act':'gelu','hidden_activation':null",
      new Heads(16, 1),
      Set.of(Trait.GELU, Trait.NORM_OFFSET, Trait.EMBEDDING_SCALE, Trait.TIED)),
  /** An untied head, and as many key heads as query heads. */
  GEMMA_UNTIED(
      "gemma",
      "'num_key_value_heads':4,'head_dim':8,'hidden_activation':'gelu_pytorch_tanh',"
          + "'tie_word_embeddings':false",
      new Heads(8, 4),
      Set.of(Trait.GELU, Trait.NORM_OFFSET, Trait.EMBEDDING_SCALE)),
  /** Without a cap of scores and with windows that no row reaches beyond. */
  GEMMA2(
      "gemma2",
      "'num_key_value_heads':2,'head_dim':16,'query_pre_attn_scalar':24,"
          + "'sliding_window':64,'attn_logit_softcapping':null,"
          + "'final_logit_softcapping':2.5",
      new Heads(16, 2),
      Set.of(
          Trait.GELU,
          Trait.NORM_OFFSET,
          Trait.EMBEDDING_SCALE,
          Trait.TIED,
          Trait.BRANCH_NORMS,
          Trait.CAPS)),
  /** Without any cap. */
  GEMMA2_UNCAPPED(
      "gemma2",
      "'num_key_value_heads':1,'head_dim':16,'query_pre_attn_scalar':16,"
          + "'sliding_window':null,'attn_logit_softcapping':null,"
          + "'final_logit_softcapping':null,'tie_word_embeddings':false",
      new Heads(16, 1),
      Set.of(Trait.GELU, Trait.NORM_OFFSET, Trait.EMBEDDING_SCALE, Trait.BRANCH_NORMS)),

  /** Half of each head turned, and a window that no row reaches beyond. */
  PHI3(
      "phi3",
      "'num_key_value_heads':2,'partial_rotary_factor':0.5,'sliding_window':64,"
          + "'attention_bias':false,'resid_pdrop':0.1,'tie_word_embeddings':true",
      new Heads(HEAD_SIZE, 2),
      Set.of(Trait.FUSED, Trait.TIED, Trait.HALF_TURNED)),
  /** Positions of type longrope, as those with 128K, by the name that came first. */
  PHI3_LONG(
      "phi3",
      "'original_max_position_embeddings':16,'rope_scaling':{'type':'su',"
          + "'short_factor':[1.0,1.25,1.5,2.5],'long_factor':[1.0,9.0,20.0,40.0]}",
      new Heads(HEAD_SIZE, 4),
      Set.of(Trait.FUSED),
      // The magnitude is √(1 + ln(64/16) / ln(16)).
      Optional.of(new LongRope(16, Math.sqrt(1.5)))),
  /** The same in the newer dialect, with a stated factor, and rows on both sides. */
  PHI3_LONG_MIXED(
      "phi3",
      "'rope_parameters':{'rope_type':'longrope','factor':9,"
          + "'original_max_position_embeddings':3,"
          + "'short_factor':[1.0,1.25,1.5,2.5],'long_factor':[1.0,9.0,20.0,40.0]}",
      new Heads(HEAD_SIZE, 4),
      Set.of(Trait.FUSED),
      // √(1 + ln(9) / ln(3))
      Optional.of(new LongRope(3, Math.sqrt(3)))),
  /** The same with a stated magnitude and responses that end on the other side. */
  PHI3_LONG_CROSSING(
      "phi3",
      "'num_key_value_heads':2,'original_max_position_embeddings':10,"
          + "'rope_scaling':{'rope_type':'longrope',"
          + "'attention_factor':1.25,"
          + "'short_factor':[1.0,1.25,1.5,2.5],'long_factor':[1.0,9.0,20.0,40.0]}",
      new Heads(HEAD_SIZE, 2),
      Set.of(Trait.FUSED),
      Optional.of(new LongRope(10, 1.25)));

  /** What a variant has that Llama has not. */
  private enum Trait {
    ATTENTION_BIAS,
    MLP_BIAS,
    HEAD_NORMS,
    GELU,
    NORM_OFFSET,
    EMBEDDING_SCALE,
    TIED,
    /** Of what attention and MLP add. */
    BRANCH_NORMS,
    /** Of logits, and another scale of scores. */
    CAPS,
    /** Queries, keys and values in one, gate and up in one. */
    FUSED,
    HALF_TURNED
  }

  /**
   * Positions of type longrope.
   *
   * @param original tokens of the longest row of short factors
   * @param magnitude of cosines and sines
   */
  private record LongRope(int original, double magnitude) {

    private static final double[] SHORT = {1, 1.25, 1.5, 2.5};
    private static final double[] LONG = {1, 9, 20, 40};

    double divisor(int rowTokens, int dimension) {
      return (rowTokens > original ? LONG : SHORT)[dimension];
    }
  }

  /**
   * The heads.
   *
   * @param size D
   * @param keys K
   */
  private record Heads(int size, int keys) {}

  private final String family;
  private final String settings;
  private final Heads heads;
  private final Set<Trait> traits;
  private final Optional<LongRope> longRope;

  LlamaVariant(String family, String settings, Heads heads, Set<Trait> traits) {
    this(family, settings, heads, traits, Optional.empty());
  }

  LlamaVariant(
      String family, String settings, Heads heads, Set<Trait> traits, Optional<LongRope> longRope) {
    this.family = family;
    this.settings = settings;
    this.heads = heads;
    this.traits = traits;
    this.longRope = longRope;
  }

  private boolean has(Trait trait) {
    return traits.contains(trait);
  }

  @Override
  public String config() {
    String common =
        ("{'model_type':'%s','hidden_size':%d,'num_attention_heads':%d,'num_hidden_layers':%d,"
                + "'intermediate_size':%d,'vocab_size':%d,'max_position_embeddings':%d,")
            .formatted(family, WIDTH, HEADS, LAYERS, INNER, VOCABULARY, POSITIONS);
    return common
        + (has(Trait.GELU) ? "" : "'hidden_act':'silu',")
        + "'rms_norm_eps':1e-6,'rope_theta':10000.0,"
        + settings
        + "}";
  }

  @Override
  public double meanScale() {
    return has(Trait.NORM_OFFSET) ? 0 : 1;
  }

  @Override
  public List<TensorSpec> tensors() {
    List<TensorSpec> specs = new ArrayList<>();
    specs.add(DecoderVariant.tensor("model.embed_tokens.weight", VOCABULARY, WIDTH));
    for (int layer = 0; layer < LAYERS; layer++) {
      String block = "model.layers." + layer;
      specs.addAll(attention(block + ".self_attn."));
      specs.addAll(mlp(block + ".mlp."));
      for (String norm : norms()) {
        specs.add(DecoderVariant.tensor(block + "." + norm + "_layernorm.weight", WIDTH));
      }
    }
    specs.add(DecoderVariant.tensor("model.norm.weight", WIDTH));
    if (!has(Trait.TIED)) {
      specs.addAll(DecoderVariant.linear("lm_head", VOCABULARY, WIDTH, false));
    }
    specs.add(DecoderVariant.score(WIDTH));
    return specs;
  }

  private List<String> norms() {
    return has(Trait.BRANCH_NORMS)
        ? List.of("input", "post_attention", "pre_feedforward", "post_feedforward")
        : List.of("input", "post_attention");
  }

  private List<TensorSpec> attention(String path) {
    boolean bias = has(Trait.ATTENTION_BIAS);
    int queries = HEADS * heads.size();
    int keys = heads.keys() * heads.size();
    List<TensorSpec> specs = new ArrayList<>();
    if (has(Trait.FUSED)) {
      specs.addAll(DecoderVariant.linear(path + "qkv_proj", queries + 2 * keys, WIDTH, bias));
    } else {
      specs.addAll(DecoderVariant.linear(path + "q_proj", queries, WIDTH, bias));
      specs.addAll(DecoderVariant.linear(path + "k_proj", keys, WIDTH, bias));
      specs.addAll(DecoderVariant.linear(path + "v_proj", keys, WIDTH, bias));
    }
    specs.addAll(DecoderVariant.linear(path + "o_proj", WIDTH, queries, bias));
    if (has(Trait.HEAD_NORMS)) {
      specs.add(DecoderVariant.tensor(path + "q_norm.weight", heads.size()));
      specs.add(DecoderVariant.tensor(path + "k_norm.weight", heads.size()));
    }
    return specs;
  }

  private List<TensorSpec> mlp(String path) {
    boolean bias = has(Trait.MLP_BIAS);
    List<TensorSpec> specs = new ArrayList<>();
    if (has(Trait.FUSED)) {
      specs.addAll(DecoderVariant.linear(path + "gate_up_proj", 2 * INNER, WIDTH, bias));
    } else {
      specs.addAll(DecoderVariant.linear(path + "gate_proj", INNER, WIDTH, bias));
      specs.addAll(DecoderVariant.linear(path + "up_proj", INNER, WIDTH, bias));
    }
    specs.addAll(DecoderVariant.linear(path + "down_proj", WIDTH, INNER, bias));
    return specs;
  }

  @Override
  public double[][] hidden(ReferenceLayers layers, int[] row) {
    double scale = has(Trait.EMBEDDING_SCALE) ? (float) Math.sqrt(WIDTH) : 1;
    double[][] x =
        ReferenceLayers.map(
            layers.rows("model.embed_tokens.weight", row, WIDTH), value -> value * scale);
    for (int layer = 0; layer < LAYERS; layer++) {
      String block = "model.layers." + layer + ".";
      double[][] attended =
          attended(layers, block + "self_attn.", norm(layers, block + "input_layernorm", x));
      x = ReferenceLayers.sum(x, branch(layers, block + "post_attention_layernorm", attended));
      String second = has(Trait.BRANCH_NORMS) ? "pre_feedforward" : "post_attention";
      double[][] fed = fed(layers, block + "mlp.", norm(layers, block + second + "_layernorm", x));
      x = ReferenceLayers.sum(x, branch(layers, block + "post_feedforward_layernorm", fed));
    }
    return norm(layers, "model.norm", x);
  }

  private double[][] branch(ReferenceLayers layers, String path, double[][] x) {
    return has(Trait.BRANCH_NORMS) ? norm(layers, path, x) : x;
  }

  private double[][] norm(ReferenceLayers layers, String path, double[][] x) {
    return layers.rmsNorm(path, x, has(Trait.NORM_OFFSET) ? 1 : 0);
  }

  private double[][] attended(ReferenceLayers layers, String path, double[][] x) {
    int queryWidth = HEADS * heads.size();
    int keyWidth = heads.keys() * heads.size();
    double[][] queries = part(layers, path, "qkv_proj", "q_proj", x, 0, queryWidth);
    double[][] keys = part(layers, path, "qkv_proj", "k_proj", x, queryWidth, keyWidth);
    double[][] values =
        part(layers, path, "qkv_proj", "v_proj", x, queryWidth + keyWidth, keyWidth);
    if (has(Trait.HEAD_NORMS)) {
      queries = layers.rmsNorm(path + "q_norm", queries, 0);
      keys = layers.rmsNorm(path + "k_norm", keys, 0);
    }
    int group = HEADS / heads.keys();
    double scale = 1 / Math.sqrt(has(Trait.CAPS) ? 24 : heads.size());
    return layers.linear(
        path + "o_proj",
        ReferenceLayers.attention(
            turned(queries),
            ReferenceLayers.repeated(turned(keys), heads.size(), group),
            ReferenceLayers.repeated(values, heads.size(), group),
            HEADS,
            scale));
  }

  /** A projection, or its columns of that of several. */
  private double[][] part(
      ReferenceLayers layers,
      String path,
      String fused,
      String alone,
      double[][] x,
      int from,
      int width) {
    return has(Trait.FUSED)
        ? ReferenceLayers.columns(layers.linear(path + fused, x), from, from + width)
        : layers.linear(path + alone, x);
  }

  private double[][] turned(double[][] x) {
    int dims = has(Trait.HALF_TURNED) ? heads.size() / 2 : heads.size();
    double[] frequencies =
        IntStream.range(0, dims / 2)
            .mapToDouble(
                j ->
                    Math.pow(10_000, -2.0 * j / dims)
                        / longRope.map(rope -> rope.divisor(x.length, j)).orElse(1.0))
            .toArray();
    double magnitude = longRope.map(LongRope::magnitude).orElse(1.0);
    return ReferenceLayers.turned(x, heads.size(), frequencies, magnitude);
  }

  private double[][] fed(ReferenceLayers layers, String path, double[][] x) {
    DoubleUnaryOperator activation =
        has(Trait.GELU) ? ReferenceLayers::geluNew : value -> value / (1 + Math.exp(-value));
    double[][] gate =
        ReferenceLayers.map(
            part(layers, path, "gate_up_proj", "gate_proj", x, 0, INNER), activation);
    double[][] up = part(layers, path, "gate_up_proj", "up_proj", x, INNER, INNER);
    return layers.linear(path + "down_proj", ReferenceLayers.product(gate, up));
  }

  @Override
  public double[][] logits(ReferenceLayers layers, double[][] hidden) {
    double[][] logits = layers.linear(has(Trait.TIED) ? "model.embed_tokens" : "lm_head", hidden);
    return has(Trait.CAPS)
        ? ReferenceLayers.map(logits, logit -> 2.5 * Math.tanh(logit / 2.5))
        : logits;
  }
}
