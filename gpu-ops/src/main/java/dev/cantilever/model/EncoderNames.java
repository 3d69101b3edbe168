package dev.cantilever.model;

import java.util.List;
import java.util.function.IntFunction;

/**
 * Where a checkpoint has an encoder, and what of the decoder looks at it.
 *
 * @param block paths of the encoder's block i
 * @param finalNorm norm behind its last block
 * @param cross paths of the cross-attention of the decoder's block i
 * @param tokens paths of other modules that hold the token embedding too; a checkpoint may have it
 *     under any of them alone
 */
public record EncoderNames(
    IntFunction<BlockNames> block,
    String finalNorm,
    IntFunction<CrossNames> cross,
    List<String> tokens) {}
