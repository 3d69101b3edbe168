package dev.cantilever.hub;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Which names of one and the same tensor a safetensors checkpoint goes without: as transformers'
 * {@code save_pretrained} does, those that loading ties to another again ({@code
 * _tied_weights_keys}). An output layer is tied to the embedding unless the config says otherwise;
 * the embeddings of encoder and decoder always are to the one they share.
 */
final class TiedNames {

  /** Output layers and their biases, by the last parts of their names. */
  private static final List<String> HEADS =
      List.of(
          "lm_head.weight",
          "embed_out.weight",
          "vocab_projector.weight",
          "predictions.decoder.weight",
          "predictions.decoder.bias",
          "lm_head.decoder.weight",
          "lm_head.decoder.bias");

  private static final String EMBEDDING = "embed_tokens.weight";
  private static final String SHARED = "shared.weight";

  private TiedNames() {}

  /**
   * The names that are dropped, in the order of the files.
   *
   * @param groups names of one tensor each
   */
  static Set<String> dropped(ModelConfig config, List<List<String>> groups) {
    boolean headsTied = config.booleanOr("tie_word_embeddings", true);
    Set<String> dropped = new LinkedHashSet<>();
    for (List<String> group : groups) {
      List<String> rest = new ArrayList<>(group);
      if (group.stream().anyMatch(name -> ModulePath.endsWith(name, SHARED))) {
        rest.removeIf(name -> ModulePath.endsWith(name, EMBEDDING));
      }
      if (headsTied && !rest.stream().allMatch(TiedNames::isHead)) {
        rest.removeIf(TiedNames::isHead);
      }
      group.stream().filter(name -> !rest.contains(name)).forEach(dropped::add);
    }
    return dropped;
  }

  private static boolean isHead(String name) {
    return HEADS.stream().anyMatch(head -> ModulePath.endsWith(name, head));
  }
}
