package dev.cantilever.model;

import java.util.List;

/**
 * Module paths of a block's cross-attention.
 *
 * @param norm before it
 * @param queries projection of the decoder's stream
 * @param keysValues projections to keys and to values of what the encoder made, in this order
 * @param output output projection
 */
public record CrossNames(String norm, String queries, List<String> keysValues, String output) {

  /** Copies the list. */
  public CrossNames {
    keysValues = List.copyOf(keysValues);
  }
}
