package dev.cantilever.model;

import dev.cantilever.hub.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * OPTs after transformers' {@code modeling_opt}, with a smooth activation, so that gradients are
 * limits of differences.
 */
enum OptVariant implements DecoderVariant {
  /** As the one of 350 million parameters; a checkpoint of {@code OPTModel}. */
  OPT_350M("decoder.", 24, false, true, true),
  /** A narrow embedding and a norm before the projection behind it. */
  OPT_NARROW("model.decoder.", 24, true, true, true),
  /** No biases, no weights of norms, none at the end, an untied head. */
  OPT_PLAIN("model.decoder.", WIDTH, true, false, false);

  private final String prefix;
  private final int embedded;
  private final boolean normsBefore;
  private final boolean affine;
  private final boolean tied;

  OptVariant(String prefix, int embedded, boolean normsBefore, boolean affine, boolean tied) {
    this.prefix = prefix;
    this.embedded = embedded;
    this.normsBefore = normsBefore;
    this.affine = affine;
    this.tied = tied;
  }

  @Override
  public String config() {
    return ("{'model_type':'opt','hidden_size':%d,'num_attention_heads':%d,'num_hidden_layers':%d,"
                + "'ffn_dim':%d,'vocab_size':%d,'max_position_embeddings':%d,")
            .formatted(WIDTH, HEADS, LAYERS, INNER, VOCABULARY, POSITIONS)
        + "'word_embed_proj_dim':%s,'do_layer_norm_before':%s,'enable_bias':%s,"
            .formatted(embedded == WIDTH ? "null" : embedded, normsBefore, affine)
        + "'layer_norm_elementwise_affine':%s,'_remove_final_layer_norm':%s,"
            .formatted(affine, !affine)
        + "'activation_function':'gelu_new','tie_word_embeddings':%s}".formatted(tied);
  }

  private boolean endsInNorm() {
    return normsBefore && affine;
  }

  @Override
  public List<TensorSpec> tensors() {
    List<TensorSpec> specs = new ArrayList<>();
    specs.add(DecoderVariant.tensor(prefix + "embed_tokens.weight", VOCABULARY, embedded));
    specs.add(DecoderVariant.tensor(prefix + "embed_positions.weight", POSITIONS + 2, WIDTH));
    if (embedded != WIDTH) {
      specs.addAll(DecoderVariant.linear(prefix + "project_in", WIDTH, embedded, false));
      specs.addAll(DecoderVariant.linear(prefix + "project_out", embedded, WIDTH, false));
    }
    for (int layer = 0; layer < LAYERS; layer++) {
      String block = prefix + "layers." + layer;
      for (String name : List.of("q_proj", "k_proj", "v_proj", "out_proj")) {
        specs.addAll(DecoderVariant.linear(block + ".self_attn." + name, WIDTH, WIDTH, affine));
      }
      specs.addAll(DecoderVariant.linear(block + ".fc1", INNER, WIDTH, affine));
      specs.addAll(DecoderVariant.linear(block + ".fc2", WIDTH, INNER, affine));
      if (affine) {
        specs.addAll(DecoderVariant.norm(block + ".self_attn_layer_norm"));
        specs.addAll(DecoderVariant.norm(block + ".final_layer_norm"));
      }
    }
    if (endsInNorm()) {
      specs.addAll(DecoderVariant.norm(prefix + "final_layer_norm"));
    }
    if (!tied) {
      specs.addAll(DecoderVariant.linear("lm_head", VOCABULARY, embedded, false));
    }
    specs.add(DecoderVariant.score(embedded));
    return specs;
  }

  @Override
  public double[][] hidden(ReferenceLayers layers, int[] row) {
    int[] positions = IntStream.range(2, 2 + row.length).toArray();
    double[][] tokens = layers.rows(prefix + "embed_tokens.weight", row, embedded);
    double[][] x =
        ReferenceLayers.sum(
            embedded == WIDTH ? tokens : layers.linear(prefix + "project_in", tokens),
            layers.rows(prefix + "embed_positions.weight", positions, WIDTH));
    for (int layer = 0; layer < LAYERS; layer++) {
      String block = prefix + "layers." + layer;
      x = normed(layers, block + ".self_attn_layer_norm", x, y -> attended(layers, block, y));
      x = normed(layers, block + ".final_layer_norm", x, y -> fed(layers, block, y));
    }
    if (endsInNorm()) {
      x = layers.norm(prefix + "final_layer_norm", x);
    }
    return embedded == WIDTH ? x : layers.linear(prefix + "project_out", x);
  }

  /** A part of a block, with its norm before it or behind the sum. */
  private double[][] normed(
      ReferenceLayers layers, String norm, double[][] x, UnaryOperator<double[][]> part) {
    return normsBefore
        ? ReferenceLayers.sum(x, part.apply(layers.norm(norm, x)))
        : layers.norm(norm, ReferenceLayers.sum(x, part.apply(x)));
  }

  private static double[][] attended(ReferenceLayers layers, String block, double[][] x) {
    double scale = 1 / Math.sqrt(HEAD_SIZE);
    double[][] queries =
        ReferenceLayers.map(layers.linear(block + ".self_attn.q_proj", x), q -> q * scale);
    double[][] keys = layers.linear(block + ".self_attn.k_proj", x);
    double[][] values = layers.linear(block + ".self_attn.v_proj", x);
    return layers.linear(
        block + ".self_attn.out_proj", ReferenceLayers.attention(queries, keys, values, HEADS, 1));
  }

  private static double[][] fed(ReferenceLayers layers, String block, double[][] x) {
    double[][] wide = layers.linear(block + ".fc1", x);
    return layers.linear(block + ".fc2", ReferenceLayers.map(wide, ReferenceLayers::geluNew));
  }

  @Override
  public double[][] logits(ReferenceLayers layers, double[][] hidden) {
    return layers.linear(tied ? prefix + "embed_tokens" : "lm_head", hidden);
  }
}
