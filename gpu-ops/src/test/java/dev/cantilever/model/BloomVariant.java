package dev.cantilever.model;

import dev.cantilever.hub.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/** BLOOMs after transformers' {@code modeling_bloom}. */
enum BloomVariant implements DecoderVariant {
  /** A checkpoint of {@code BloomModel} with the keys of those on the hub. */
  BLOOM_BARE("", false, true),
  /** The residual stream goes on from the norms; an untied head. */
  BLOOM_FROM_NORMS("transformer.", true, false);

  private final String prefix;
  private final boolean fromNorms;
  private final boolean tied;

  BloomVariant(String prefix, boolean fromNorms, boolean tied) {
    this.prefix = prefix;
    this.fromNorms = fromNorms;
    this.tied = tied;
  }

  @Override
  public String config() {
    String sizes =
        tied
            ? "'n_embed':%d,'num_attention_heads':%d,'n_layer':%d,'n_inner':null,'offset_alibi':100"
            : "'hidden_size':%d,'n_head':%d,'num_hidden_layers':%d,'slow_but_exact':true";
    return ("{'model_type':'bloom'," + sizes + ",'vocab_size':%d,")
            .formatted(WIDTH, HEADS, LAYERS, VOCABULARY)
        + "'apply_residual_connection_post_layernorm':%s,'tie_word_embeddings':%s,"
            .formatted(fromNorms, tied)
        + "'pretraining_tp':%d}".formatted(tied ? 4 : 1);
  }

  @Override
  public List<TensorSpec> tensors() {
    List<TensorSpec> specs = new ArrayList<>();
    specs.add(DecoderVariant.tensor(prefix + "word_embeddings.weight", VOCABULARY, WIDTH));
    specs.addAll(DecoderVariant.norm(prefix + "word_embeddings_layernorm"));
    for (int layer = 0; layer < LAYERS; layer++) {
      String block = prefix + "h." + layer;
      specs.addAll(DecoderVariant.norm(block + ".input_layernorm"));
      specs.addAll(qkv(block + ".self_attention.query_key_value"));
      specs.addAll(DecoderVariant.linear(block + ".self_attention.dense", WIDTH, WIDTH, true));
      specs.addAll(DecoderVariant.norm(block + ".post_attention_layernorm"));
      specs.addAll(DecoderVariant.linear(block + ".mlp.dense_h_to_4h", 4 * WIDTH, WIDTH, true));
      specs.addAll(DecoderVariant.linear(block + ".mlp.dense_4h_to_h", WIDTH, 4 * WIDTH, true));
    }
    specs.addAll(DecoderVariant.norm(prefix + "ln_f"));
    if (!tied) {
      specs.addAll(DecoderVariant.linear("lm_head", VOCABULARY, WIDTH, false));
    }
    specs.add(DecoderVariant.score(WIDTH));
    return specs;
  }

  private static List<TensorSpec> qkv(String path) {
    return DecoderVariant.linear(path, 3 * WIDTH, WIDTH, true);
  }

  @Override
  public double[][] hidden(ReferenceLayers layers, int[] row) {
    double[][] x =
        layers.norm(
            prefix + "word_embeddings_layernorm",
            layers.rows(prefix + "word_embeddings.weight", row, WIDTH));
    for (int layer = 0; layer < LAYERS; layer++) {
      String block = prefix + "h." + layer;
      double[][] before = layers.norm(block + ".input_layernorm", x);
      double[][] middle =
          ReferenceLayers.sum(attended(layers, block, before), fromNorms ? before : x);
      double[][] between = layers.norm(block + ".post_attention_layernorm", middle);
      double[][] wide = layers.linear(block + ".mlp.dense_h_to_4h", between);
      double[][] fed =
          layers.linear(
              block + ".mlp.dense_4h_to_h", ReferenceLayers.map(wide, ReferenceLayers::geluNew));
      x = ReferenceLayers.sum(fed, fromNorms ? between : middle);
    }
    return layers.norm(prefix + "ln_f", x);
  }

  /** Heads lie as q, k and v of one, then those of the next; head h is of slope 4^−(h + 1). */
  private static double[][] attended(ReferenceLayers layers, String block, double[][] x) {
    double[][] qkv = layers.linear(block + ".self_attention.query_key_value", x);
    double[][] parts = new double[x.length][3 * WIDTH];
    for (int t = 0; t < x.length; t++) {
      for (int i = 0; i < 3 * WIDTH; i++) {
        int head = i / (3 * HEAD_SIZE);
        int part = i / HEAD_SIZE % 3;
        parts[t][part * WIDTH + head * HEAD_SIZE + i % HEAD_SIZE] = qkv[t][i];
      }
    }
    double[][] attended =
        ReferenceLayers.attention(
            ReferenceLayers.columns(parts, 0, WIDTH),
            ReferenceLayers.columns(parts, WIDTH, 2 * WIDTH),
            ReferenceLayers.columns(parts, 2 * WIDTH, 3 * WIDTH),
            HEADS,
            1 / Math.sqrt(HEAD_SIZE),
            (score, head, t, s) -> score + Math.pow(4, -head - 1) * s);
    return layers.linear(block + ".self_attention.dense", attended);
  }

  @Override
  public double[][] logits(ReferenceLayers layers, double[][] hidden) {
    return layers.linear(tied ? prefix + "word_embeddings" : "lm_head", hidden);
  }
}
