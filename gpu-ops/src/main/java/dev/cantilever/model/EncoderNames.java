package dev.cantilever.model;

import java.util.function.IntFunction;

/**
 * Where a checkpoint has an encoder, and what of the decoder looks at it.
 *
 * @param block paths of the encoder's block i
 * @param finalNorm norm behind its last block
 * @param cross paths of the cross-attention of the decoder's block i
 * @param tokens path of what the encoder embeds tokens by: the model's embedding, if it is not
 *     stored under this name as another
 * @param decoderTokens the decoder's, likewise
 */
public record EncoderNames(
    IntFunction<BlockNames> block,
    String finalNorm,
    IntFunction<CrossNames> cross,
    String tokens,
    String decoderTokens) {}
