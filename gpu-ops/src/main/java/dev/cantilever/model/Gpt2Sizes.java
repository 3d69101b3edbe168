package dev.cantilever.model;

import dev.cantilever.hub.ModelConfig;

/**
 * The sizes in the configs of GPT-2 and GPT-J, whose keys have two names each in transformers
 * ({@code attribute_map}).
 *
 * @param vocabSize V
 * @param positions longest row
 * @param hiddenSize C
 * @param layers L
 * @param heads H
 * @param headSize D = C / H
 * @param innerSize F
 */
record Gpt2Sizes(
    int vocabSize,
    int positions,
    int hiddenSize,
    int layers,
    int heads,
    int headSize,
    int innerSize) {

  /** Reads them; those that are absent are what transformers takes. */
  Gpt2Sizes read(ModelConfig config) {
    int hidden = config.intOr("n_embd", "hidden_size", hiddenSize);
    int headCount = config.intOr("n_head", "num_attention_heads", heads);
    return new Gpt2Sizes(
        config.intOr("vocab_size", vocabSize),
        config.intOr("n_positions", "max_position_embeddings", positions),
        hidden,
        config.intOr("n_layer", "num_hidden_layers", layers),
        headCount,
        HeadSize.of(config, "n_embd", hidden, "n_head", headCount),
        config.intOr("n_inner", 4 * hidden));
  }
}
