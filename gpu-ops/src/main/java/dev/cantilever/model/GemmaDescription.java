package dev.cantilever.model;

import dev.cantilever.backend.Activation;
import dev.cantilever.hub.ModelConfig;
import java.util.List;
import java.util.OptionalInt;

/** What Gemma and Gemma 2 have in common beside what they have of Llama. */
final class GemmaDescription {

  private static final int DEFAULT_HEAD_SIZE = 256;

  private GemmaDescription() {}

  /** A block of norms before attention and MLP, whose scales are stored less 1. */
  static BlockSpec block(ModelConfig config, Activation activation) {
    return LlamaDescription.block(
        LlamaDescription.attention(config, OptionalInt.of(DEFAULT_HEAD_SIZE)),
        AttentionBias.allIf(config.booleanOr("attention_bias", false)),
        LlamaDescription.mlp(config, activation, false),
        LlamaDescription.norm(config, NormKind.RMS_OFFSET, LlamaDescription.EPS));
  }

  /** A model with embeddings multiplied by the root of their width and a tied head. */
  static Architecture model(ModelConfig config, BlockSpec block, List<Integer> windows) {
    config.requireInactive("use_bidirectional_attention", "attention to tokens behind");
    Architecture plain = LlamaDescription.model(config, block, windows, true);
    float scale = (float) Math.sqrt(plain.hiddenSize());
    return plain.withEmbedding(plain.embedding().scaledBy(scale));
  }
}
