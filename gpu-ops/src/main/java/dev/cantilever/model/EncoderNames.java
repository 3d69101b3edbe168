package dev.cantilever.model;

import java.util.List;
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
 * @param tied paths of all that is the model's embedding if it is not stored as another, in
 *     transformers' order: where the embedding is not stored under its own name, it is the first of
 *     these that is
 */
public record EncoderNames(
    IntFunction<BlockNames> block,
    String finalNorm,
    IntFunction<CrossNames> cross,
    String tokens,
    String decoderTokens,
    List<String> tied) {

  /** Copies the list. */
  public EncoderNames {
    tied = List.copyOf(tied);
  }
}
