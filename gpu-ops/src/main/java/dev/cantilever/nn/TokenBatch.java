package dev.cantilever.nn;

import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * Packed rows of token ids on the device.
 *
 * @param ids [N] I32
 * @param positions [N] I32, of each token within its row
 * @param rows where each row lies
 * @param spans which adapters act on which rows; in order, covering all rows
 * @param types [N] I32, each token's type, where a model tells tokens of different types apart
 * @param source what an encoder reads, a row for each of these, where there is an encoder and it is
 *     to run
 */
public record TokenBatch(
    Tensor ids,
    Tensor positions,
    PackedRows rows,
    List<Span> spans,
    Optional<Tensor> types,
    Optional<TokenBatch> source) {

  /** Tokens whose types nobody asks for. */
  public TokenBatch(Tensor ids, Tensor positions, PackedRows rows, List<Span> spans) {
    this(ids, positions, rows, spans, Optional.empty(), Optional.empty());
  }

  /** Checks that the spans cover the batch. */
  public TokenBatch {
    spans = List.copyOf(spans);
    int token = 0;
    for (Span span : spans) {
      if (span.firstToken() != token) {
        throw new IllegalArgumentException(
            "Expected a span starting at token " + token + ", got " + span.firstToken());
      }
      token = span.endToken();
    }
    if (token != rows.tokens()) {
      throw new IllegalArgumentException(
          "Expected spans over all " + rows.tokens() + " tokens, got " + token);
    }
  }

  /**
   * The same tokens with types.
   *
   * @param ofTokens [N] I32
   */
  public TokenBatch withTypes(Tensor ofTokens) {
    return new TokenBatch(ids, positions, rows, spans, Optional.of(ofTokens), source);
  }

  /** The same tokens of a decoder with what its encoder reads, a row for each. */
  public TokenBatch withSource(TokenBatch read) {
    if (read.rows().rows() != rows.rows()) {
      throw new IllegalArgumentException(
          "Expected a row of the encoder's for each of "
              + rows.rows()
              + ", got "
              + read.rows().rows());
    }
    return new TokenBatch(ids, positions, rows, spans, types, Optional.of(read));
  }
}
