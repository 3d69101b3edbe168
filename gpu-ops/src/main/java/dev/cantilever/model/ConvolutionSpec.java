package dev.cantilever.model;

import dev.cantilever.backend.Activation;

/**
 * A convolution of the embeddings over the tokens of a row, which joins the stream behind the first
 * block (DeBERTa; transformers: {@code ConvLayer} of {@code modeling_deberta_v2}).
 *
 * @param kernel tokens that it reads, an odd number, those of a row beside the middle one
 * @param groups parts of the stream that are convolved each by itself
 * @param activation of its output, before it is added
 */
public record ConvolutionSpec(int kernel, int groups, Activation activation) {}
