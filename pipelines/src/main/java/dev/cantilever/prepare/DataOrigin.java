package dev.cantilever.prepare;

import dev.cantilever.chat.ChatTemplate;
import dev.cantilever.manifest.CommitManifest;
import dev.cantilever.manifest.Digests;
import dev.cantilever.text.DatasetException;
import dev.cantilever.tokenizer.TextTokenizer;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What data were made from, as far as a manifest states it: the same origin and input give the same
 * files.
 *
 * @param settings digest of the spec
 * @param seed the run's seed
 * @param tokenizer digest of the tokenizer's files
 * @param template digest of the chat template; empty where texts are no conversations
 */
record DataOrigin(String settings, long seed, String tokenizer, String template)
    implements Serializable {

  static final String TOKENIZER = "tokenizer_digest";

  /** The fact that only data of conversations have. */
  static final String TEMPLATE = "chat_template_digest";

  private static final String NO_TEMPLATE = "";
  private static final String SETTINGS = "settings_digest";
  private static final String SEED = "seed";

  static DataOrigin of(PrepareSpec spec, Path tokenizerDirectory, long seed) throws IOException {
    Optional<String> template =
        spec.chat()
            ? Optional.of(
                Digests.sha256(ChatTemplate.loadWithoutClock(tokenizerDirectory).source()))
            : Optional.empty();
    return new DataOrigin(
        Digests.sha256(spec.toString()),
        seed,
        tokenizerDigest(tokenizerDirectory),
        template.orElse(NO_TEMPLATE));
  }

  /** Of {@code tokenizer.json}, or over names and contents of the files that stand for it. */
  static String tokenizerDigest(Path directory) throws IOException {
    List<Path> files = TextTokenizer.sources(directory);
    if (files.isEmpty()) {
      throw new DatasetException(
          directory.toString(),
          "a model directory with a tokenizer",
          Files.isDirectory(directory) ? "none in it" : "no such directory",
          "Check the path; the tokenizer is saved by transformers' save_pretrained");
    }
    if (files.size() == 1) {
      return Digests.sha256(files.get(0));
    }
    StringBuilder listing = new StringBuilder();
    for (Path file : files) {
      listing.append(file.getFileName()).append('\n').append(Digests.sha256(file)).append('\n');
    }
    return Digests.sha256(listing.toString());
  }

  Map<String, String> facts() {
    Map<String, String> facts = new TreeMap<>();
    facts.put(SETTINGS, settings);
    facts.put(SEED, Long.toString(seed));
    facts.put(TOKENIZER, tokenizer);
    if (!template.equals(NO_TEMPLATE)) {
      facts.put(TEMPLATE, template);
    }
    return facts;
  }

  /** Holds committed data to being of this origin. */
  void require(CommitManifest manifest, Path directory) {
    for (Map.Entry<String, String> fact : facts().entrySet()) {
      String found = manifest.fact(fact.getKey());
      if (!found.equals(fact.getValue())) {
        throw new DatasetException(
            directory.toString(),
            "data prepared with these settings, " + fact.getKey() + " " + fact.getValue(),
            found,
            "Write to another directory, or delete this one to prepare it anew");
      }
    }
  }
}
