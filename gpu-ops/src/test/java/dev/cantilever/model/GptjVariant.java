package dev.cantilever.model;

import dev.cantilever.hub.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/** GPT-Js after transformers' {@code modeling_gptj}. */
enum GptjVariant implements DecoderVariant {
  /** Half of each head turns. */
  GPTJ(4, false),
  /** All of each head turns; the matrix of the head is the embedding, its bias its own. */
  GPTJ_TIED(HEAD_SIZE, true);

  private static final String PREFIX = "transformer.";

  private final int rotaryDims;
  private final boolean tied;

  GptjVariant(int rotaryDims, boolean tied) {
    this.rotaryDims = rotaryDims;
    this.tied = tied;
  }

  @Override
  public String config() {
    return ("{'model_type':'gptj','n_embd':%d,'n_head':%d,'n_layer':%d,'n_inner':%d,"
            + "'vocab_size':%d,'n_positions':%d,'rotary_dim':%d,'tie_word_embeddings':%s}")
        .formatted(WIDTH, HEADS, LAYERS, INNER, VOCABULARY, POSITIONS, rotaryDims, tied);
  }

  @Override
  public List<TensorSpec> tensors() {
    List<TensorSpec> specs = new ArrayList<>();
    specs.add(DecoderVariant.tensor(PREFIX + "wte.weight", VOCABULARY, WIDTH));
    for (int layer = 0; layer < LAYERS; layer++) {
      String block = PREFIX + "h." + layer;
      specs.addAll(DecoderVariant.norm(block + ".ln_1"));
      for (String name : List.of("q_proj", "k_proj", "v_proj", "out_proj")) {
        specs.addAll(DecoderVariant.linear(block + ".attn." + name, WIDTH, WIDTH, false));
      }
      specs.addAll(DecoderVariant.linear(block + ".mlp.fc_in", INNER, WIDTH, true));
      specs.addAll(DecoderVariant.linear(block + ".mlp.fc_out", WIDTH, INNER, true));
    }
    specs.addAll(DecoderVariant.norm(PREFIX + "ln_f"));
    if (!tied) {
      specs.add(DecoderVariant.tensor("lm_head.weight", VOCABULARY, WIDTH));
    }
    specs.add(DecoderVariant.tensor("lm_head.bias", VOCABULARY));
    specs.add(DecoderVariant.score(WIDTH));
    return specs;
  }

  @Override
  public double[][] hidden(ReferenceLayers layers, int[] row) {
    double[][] x = layers.rows(PREFIX + "wte.weight", row, WIDTH);
    for (int layer = 0; layer < LAYERS; layer++) {
      String block = PREFIX + "h." + layer;
      double[][] normed = layers.norm(block + ".ln_1", x);
      double[][] attended =
          ReferenceLayers.attention(
              turned(layers.linear(block + ".attn.q_proj", normed)),
              turned(layers.linear(block + ".attn.k_proj", normed)),
              layers.linear(block + ".attn.v_proj", normed),
              HEADS,
              1 / Math.sqrt(HEAD_SIZE));
      double[][] wide = layers.linear(block + ".mlp.fc_in", normed);
      double[][] fed =
          layers.linear(block + ".mlp.fc_out", ReferenceLayers.map(wide, ReferenceLayers::geluNew));
      double[][] added = layers.linear(block + ".attn.out_proj", attended);
      x = ReferenceLayers.sum(ReferenceLayers.sum(added, fed), x);
    }
    return layers.norm(PREFIX + "ln_f", x);
  }

  /** Dimensions 2j and 2j + 1 of each head by the angle t·10000^(−2j/d). */
  private double[][] turned(double[][] x) {
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      y[t] = x[t].clone();
      for (int head = 0; head < WIDTH; head += HEAD_SIZE) {
        for (int pair = 0; pair < rotaryDims; pair += 2) {
          double angle = t * Math.pow(10_000, -(double) pair / rotaryDims);
          double first = x[t][head + pair];
          double second = x[t][head + pair + 1];
          y[t][head + pair] = first * Math.cos(angle) - second * Math.sin(angle);
          y[t][head + pair + 1] = second * Math.cos(angle) + first * Math.sin(angle);
        }
      }
    }
    return y;
  }

  @Override
  public double[][] logits(ReferenceLayers layers, double[][] hidden) {
    return layers.linear(tied ? PREFIX + "wte" : "lm_head", "lm_head", hidden);
  }
}
