package dev.cantilever.model;

import dev.cantilever.hub.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** GPT-2s after transformers' {@code modeling_gpt2}. */
enum Gpt2Variant implements DecoderVariant {
  /** A checkpoint of {@code GPT2Model}, as those on the hub are. */
  GPT2_BARE("", false, true, true),
  /** Other names of keys, an untied head, scores scaled by the layer alone. */
  GPT2_SCALED_BY_LAYER("transformer.", true, false, false);

  private final String prefix;
  private final boolean byLayer;
  private final boolean scaled;
  private final boolean tied;

  Gpt2Variant(String prefix, boolean byLayer, boolean scaled, boolean tied) {
    this.prefix = prefix;
    this.byLayer = byLayer;
    this.scaled = scaled;
    this.tied = tied;
  }

  @Override
  public String config() {
    String sizes =
        tied
            ? "'n_embd':%d,'n_head':%d,'n_layer':%d,'n_positions':%d"
            : "'hidden_size':%d,'num_attention_heads':%d,'num_hidden_layers':%d,"
                + "'max_position_embeddings':%d";
    return ("{'model_type':'gpt2'," + sizes + ",'vocab_size':%d,'n_inner':%d,")
            .formatted(WIDTH, HEADS, LAYERS, POSITIONS, VOCABULARY, INNER)
        + "'reorder_and_upcast_attn':true,'summary_type':'cls_index',"
        + "'scale_attn_by_inverse_layer_idx':%s,'scale_attn_weights':%s,'tie_word_embeddings':%s}"
            .formatted(byLayer, scaled, tied);
  }

  @Override
  public List<TensorSpec> tensors() {
    List<TensorSpec> specs = new ArrayList<>();
    specs.add(DecoderVariant.tensor(prefix + "wte.weight", VOCABULARY, WIDTH));
    specs.add(DecoderVariant.tensor(prefix + "wpe.weight", POSITIONS, WIDTH));
    for (int layer = 0; layer < LAYERS; layer++) {
      String block = prefix + "h." + layer;
      specs.addAll(DecoderVariant.norm(block + ".ln_1"));
      conv1d(specs, block + ".attn.c_attn", WIDTH, 3 * WIDTH);
      conv1d(specs, block + ".attn.c_proj", WIDTH, WIDTH);
      specs.addAll(DecoderVariant.norm(block + ".ln_2"));
      conv1d(specs, block + ".mlp.c_fc", WIDTH, INNER);
      conv1d(specs, block + ".mlp.c_proj", INNER, WIDTH);
    }
    specs.addAll(DecoderVariant.norm(prefix + "ln_f"));
    if (!tied) {
      specs.addAll(DecoderVariant.linear("lm_head", VOCABULARY, WIDTH, false));
    }
    specs.add(DecoderVariant.score(WIDTH));
    return specs;
  }

  private static void conv1d(List<TensorSpec> specs, String path, int in, int out) {
    specs.add(DecoderVariant.tensor(path + ".weight", in, out));
    specs.add(DecoderVariant.tensor(path + ".bias", out));
  }

  @Override
  public double[][] hidden(ReferenceLayers layers, int[] row) {
    double[][] x =
        ReferenceLayers.sum(
            layers.rows(prefix + "wte.weight", row, WIDTH),
            layers.rows(prefix + "wpe.weight", IntStream.range(0, row.length).toArray(), WIDTH));
    for (int layer = 0; layer < LAYERS; layer++) {
      String block = prefix + "h." + layer;
      double[][] qkv = layers.conv1d(block + ".attn.c_attn", layers.norm(block + ".ln_1", x));
      double scale = (scaled ? 1 / Math.sqrt(HEAD_SIZE) : 1) / (byLayer ? layer + 1 : 1);
      double[][] attended =
          ReferenceLayers.attention(
              ReferenceLayers.columns(qkv, 0, WIDTH),
              ReferenceLayers.columns(qkv, WIDTH, 2 * WIDTH),
              ReferenceLayers.columns(qkv, 2 * WIDTH, 3 * WIDTH),
              HEADS,
              scale);
      x = ReferenceLayers.sum(x, layers.conv1d(block + ".attn.c_proj", attended));
      double[][] wide = layers.conv1d(block + ".mlp.c_fc", layers.norm(block + ".ln_2", x));
      double[][] active = ReferenceLayers.map(wide, ReferenceLayers::geluNew);
      x = ReferenceLayers.sum(x, layers.conv1d(block + ".mlp.c_proj", active));
    }
    return layers.norm(prefix + "ln_f", x);
  }

  @Override
  public double[][] logits(ReferenceLayers layers, double[][] hidden) {
    return layers.linear(tied ? prefix + "wte" : "lm_head", hidden);
  }
}
