package dev.cantilever.model;

import dev.cantilever.hub.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/** Qwen2s of which one layer sees a window (transformers: {@code modeling_qwen2}). */
enum WindowVariant implements DecoderVariant {
  /** From a layer on. */
  QWEN2_UPPER_WINDOW("'max_window_layers':1", 1),
  /** In the layers of a list. */
  QWEN2_LISTED_WINDOW("'layer_types':['sliding_attention','full_attention']", 0);

  private static final int WINDOW = 3;
  private static final int KV_HEADS = 2;
  private static final int KV_WIDTH = KV_HEADS * HEAD_SIZE;

  private final String settings;
  private final int windowedLayer;

  WindowVariant(String settings, int windowedLayer) {
    this.settings = settings;
    this.windowedLayer = windowedLayer;
  }

  @Override
  public String config() {
    return ("{'model_type':'qwen2','hidden_size':%d,'num_attention_heads':%d,"
                + "'num_key_value_heads':%d,'num_hidden_layers':%d,'intermediate_size':%d,"
                + "'vocab_size':%d,'max_position_embeddings':%d,'hidden_act':'silu',")
            .formatted(WIDTH, HEADS, KV_HEADS, LAYERS, INNER, VOCABULARY, POSITIONS)
        + "'use_sliding_window':true,'sliding_window':%d,%s}".formatted(WINDOW, settings);
  }

  @Override
  public List<TensorSpec> tensors() {
    List<TensorSpec> specs = new ArrayList<>();
    specs.add(DecoderVariant.tensor("model.embed_tokens.weight", VOCABULARY, WIDTH));
    for (int layer = 0; layer < LAYERS; layer++) {
      String block = "model.layers." + layer;
      specs.add(DecoderVariant.tensor(block + ".input_layernorm.weight", WIDTH));
      specs.addAll(DecoderVariant.linear(block + ".self_attn.q_proj", WIDTH, WIDTH, true));
      specs.addAll(DecoderVariant.linear(block + ".self_attn.k_proj", KV_WIDTH, WIDTH, true));
      specs.addAll(DecoderVariant.linear(block + ".self_attn.v_proj", KV_WIDTH, WIDTH, true));
      specs.addAll(DecoderVariant.linear(block + ".self_attn.o_proj", WIDTH, WIDTH, false));
      specs.add(DecoderVariant.tensor(block + ".post_attention_layernorm.weight", WIDTH));
      specs.addAll(DecoderVariant.linear(block + ".mlp.gate_proj", INNER, WIDTH, false));
      specs.addAll(DecoderVariant.linear(block + ".mlp.up_proj", INNER, WIDTH, false));
      specs.addAll(DecoderVariant.linear(block + ".mlp.down_proj", WIDTH, INNER, false));
    }
    specs.add(DecoderVariant.tensor("model.norm.weight", WIDTH));
    specs.add(DecoderVariant.tensor("lm_head.weight", VOCABULARY, WIDTH));
    specs.add(DecoderVariant.score(WIDTH));
    return specs;
  }

  @Override
  public double[][] hidden(ReferenceLayers layers, int[] row) {
    double[][] x = layers.rows("model.embed_tokens.weight", row, WIDTH);
    for (int layer = 0; layer < LAYERS; layer++) {
      String block = "model.layers." + layer;
      double[][] before = layers.rmsNorm(block + ".input_layernorm", x);
      x = ReferenceLayers.sum(x, attended(layers, block, before, layer == windowedLayer));
      double[][] between = layers.rmsNorm(block + ".post_attention_layernorm", x);
      x = ReferenceLayers.sum(x, fed(layers, block, between));
    }
    return layers.rmsNorm("model.norm", x);
  }

  private static double[][] attended(
      ReferenceLayers layers, String block, double[][] x, boolean windowed) {
    double[][] queries = layers.linear(block + ".self_attn.q_proj", x);
    double[][] keys = layers.linear(block + ".self_attn.k_proj", x);
    double[][] values = layers.linear(block + ".self_attn.v_proj", x);
    double[][] attended =
        ReferenceLayers.attention(
            ReferenceLayers.turned(queries, HEAD_SIZE),
            repeated(ReferenceLayers.turned(keys, HEAD_SIZE)),
            repeated(values),
            HEADS,
            1 / Math.sqrt(HEAD_SIZE),
            (score, head, t, s) -> windowed && s <= t - WINDOW ? Double.NEGATIVE_INFINITY : score);
    return layers.linear(block + ".self_attn.o_proj", attended);
  }

  /** Each key head once for every query head that it has. */
  private static double[][] repeated(double[][] x) {
    double[][] y = new double[x.length][WIDTH];
    for (int t = 0; t < x.length; t++) {
      for (int i = 0; i < WIDTH; i++) {
        int head = i / HEAD_SIZE / (HEADS / KV_HEADS);
        y[t][i] = x[t][head * HEAD_SIZE + i % HEAD_SIZE];
      }
    }
    return y;
  }

  private static double[][] fed(ReferenceLayers layers, String block, double[][] x) {
    double[][] gate =
        ReferenceLayers.map(layers.linear(block + ".mlp.gate_proj", x), ReferenceLayers::silu);
    double[][] up = layers.linear(block + ".mlp.up_proj", x);
    for (int t = 0; t < up.length; t++) {
      for (int i = 0; i < INNER; i++) {
        up[t][i] *= gate[t][i];
      }
    }
    return layers.linear(block + ".mlp.down_proj", up);
  }

  @Override
  public double[][] logits(ReferenceLayers layers, double[][] hidden) {
    return layers.linear("lm_head", hidden);
  }
}
