package dev.cantilever.model;

import dev.cantilever.hub.CheckpointException;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;

/**
 * Which module of a checkpoint holds the token embedding. An encoder-decoder has it under several
 * names, which transformers ties, so a file needs only one of them: T5's older conversions lack
 * {@code shared}.
 */
final class TokenTable {

  private TokenTable() {}

  /**
   * The path of the module to read it from: the first that is stored.
   *
   * @throws CheckpointException if others that are stored differ
   */
  static String path(WeightSource source, ArchitectureFamily family) throws IOException {
    String named = family.names().tokens();
    List<String> stored =
        Stream.concat(
                Stream.of(named),
                family.encoderNames().map(EncoderNames::tokens).stream().flatMap(List::stream))
            .filter(path -> source.has(path + ".weight"))
            .toList();
    for (String path : stored.subList(Math.min(1, stored.size()), stored.size())) {
      source.requireSame(
          stored.get(0) + ".weight",
          path + ".weight",
          "Take a checkpoint whose encoder and decoder share their embedding");
    }
    return stored.isEmpty() ? named : stored.get(0);
  }

  /**
   * Requires a head that is the token embedding to have its contents, if it is stored all the same.
   *
   * @throws CheckpointException if they differ
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
