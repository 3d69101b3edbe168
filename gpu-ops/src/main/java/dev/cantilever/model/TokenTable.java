package dev.cantilever.model;

import java.io.IOException;
import java.util.stream.Stream;

/**
 * Which module of a checkpoint holds the token embedding. An encoder-decoder has it under several
 * names, which transformers ties unless files have different contents under them, so a file needs
 * only one: T5's older conversions lack {@code shared}, and where an adapter of one of both was
 * merged they differ.
 */
final class TokenTable {

  private TokenTable() {}

  /** The path of the module to read it from: the first that is stored. */
  static String path(WeightSource source, ArchitectureFamily family) {
    String named = family.names().tokens();
    return Stream.concat(
            Stream.of(named),
            family.encoderNames().stream().flatMap(names -> names.tied().stream()))
        .filter(path -> source.has(path + ".weight"))
        .findFirst()
        .orElse(named);
  }

  /**
   * The path of the module that an encoder, a decoder or a head reads.
   *
   * @param table what {@link #path} says
   * @param own its own module
   */
  static String path(WeightSource source, String table, String own) throws IOException {
    boolean apart =
        !own.equals(table)
            && source.has(own + ".weight")
            && !source.isSame(own + ".weight", table + ".weight");
    return apart ? own : table;
  }

  /**
   * Requires a head that is the token embedding to have its contents, if it is stored all the same.
   *
   * @throws dev.cantilever.hub.CheckpointException if they differ
   */
  static void requireTied(WeightSource source, String table, String head) throws IOException {
    if (source.has(head + ".weight")) {
      source.requireSame(
          head + ".weight",
          table + ".weight",
          "Set 'tie_word_embeddings' to false in its config.json if the head is one of its own, else remove it");
    }
  }
}
