package dev.cantilever.cli;

import java.util.List;
import java.util.Map;

/** What the help says below keys of the recipe whose names do not say enough. */
final class KeyNotes {

  /** Bytes are those of {@code plan} for a GPT-NeoX of 20 billion parameters. */
  private static final Map<String, List<String>> NOTES =
      Map.of(
          "lora.modules_to_save",
          List.of(
              "modules to train whole beside the branches: the output head, embeddings, norms or",
              "linear layers, by the ends of their paths, such as [lm_head, embed_tokens]"),
          "update.keep",
          List.of(
              "the most that stays from forward to backward; results are the same. For 160 tokens",
              "of NeoX-20B everything takes 2.5 GiB; products 1.5 GiB, and norms and activations",
              "are computed again; block-inputs 0.2 GiB, and every block runs forward again"));

  private KeyNotes() {}

  static List<String> of(String key) {
    return NOTES.getOrDefault(key, List.of());
  }
}
