package dev.cantilever.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What travels with a model: everything transformers writes that is not weights or config. */
final class CompanionFiles {
  private static final List<String> NAMES =
      List.of(
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "merges.txt",
          "vocab.txt",
          "spiece.model",
          "tokenizer.model",
          "spm.model",
          "sentencepiece.bpe.model",
          "chat_template.jinja",
          "chat_template.json");

  private CompanionFiles() {}

  /**
   * Copies those that a model directory has.
   *
   * @return the names copied
   */
  static List<String> copy(Path source, Path target) throws IOException {
    List<String> copied = new ArrayList<>();
    for (String name : NAMES) {
      Path file = source.resolve(name);
      if (Files.isRegularFile(file)) {
        StagedFile.write(target.resolve(name), Files.readAllBytes(file));
        copied.add(name);
      }
    }
    return copied;
  }
}
