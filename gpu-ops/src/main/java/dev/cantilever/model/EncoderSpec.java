package dev.cantilever.model;

import dev.cantilever.backend.AttentionSpec;
import java.util.OptionalInt;

/**
 * What a decoder reads, and how.
 *
 * @param stack the encoder: embeddings, blocks and final norm; it has no head
 * @param cross the decoder's attention to it, in both directions and without positions
 * @param startToken what the decoder's rows begin with
 * @param endToken what the rows that the encoder reads end with, if they do
 */
public record EncoderSpec(
    Architecture stack, AttentionSpec cross, int startToken, OptionalInt endToken) {

  /** Checks what the passes rely on. */
  public EncoderSpec {
    if (!stack.finalNorm() || stack.encoder().isPresent() || cross.causal()) {
      throw new IllegalArgumentException(
          "Expected an encoder with a final norm and cross-attention in both directions, got %s and %s"
              .formatted(stack, cross));
    }
  }
}
