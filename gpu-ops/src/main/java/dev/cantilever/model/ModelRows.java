package dev.cantilever.model;

import java.util.Optional;

/**
 * What goes through a model at once.
 *
 * @param tokens rows of a decoder, or of a model that has no encoder
 * @param source what an encoder reads, a row for each, where there is one
 */
public record ModelRows(TokenRows tokens, Optional<TokenRows> source) {

  /** Checks that each row has its source. */
  public ModelRows {
    if (source.isPresent() && source.get().rows() != tokens.rows()) {
      throw new IllegalArgumentException(
          "Expected a source for each of %d rows, got %d"
              .formatted(tokens.rows(), source.get().rows()));
    }
  }

  /** Rows of a model that has no encoder. */
  public static ModelRows of(TokenRows tokens) {
    return new ModelRows(tokens, Optional.empty());
  }

  /** Rows of a decoder. */
  public static ModelRows of(TokenRows source, TokenRows tokens) {
    return new ModelRows(tokens, Optional.of(source));
  }

  /** The rows {@code [from, to)}. */
  ModelRows slice(int from, int to) {
    return new ModelRows(tokens.slice(from, to), source.map(rows -> rows.slice(from, to)));
  }

  /** Every row once more, behind all of them. */
  ModelRows twice() {
    return new ModelRows(tokens.followedBy(tokens), source.map(rows -> rows.followedBy(rows)));
  }

  /**
   * Checks that a model can take these rows.
   *
   * @throws dev.cantilever.hub.CheckpointException as {@link TokenRows#requireFits} does
   */
  void requireFits(Architecture architecture) {
    if (source.isPresent() != architecture.encoder().isPresent()) {
      throw new IllegalStateException(
          "Expected sources for an encoder where there is one, got "
              + (source.isPresent() ? "some" : "none"));
    }
    tokens.requireFits(architecture);
    source.ifPresent(rows -> rows.requireFits(architecture));
  }
}
