package dev.cantilever.prepare;

import dev.cantilever.batch.PackingSpec;
import dev.cantilever.batch.Separator;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.text.CleaningSpec;
import dev.cantilever.text.DatasetException;
import dev.cantilever.tokenizer.TextTokenizer;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;

/**
 * What every worker of one preparation needs to know, checked and in a form that travels.
 *
 * @param directory of the data, absolute
 * @param run name of the run
 * @param input what is read, for messages
 * @param tokenizerDirectory the policy's model directory, absolute
 * @param cleaning how text is cleaned and which texts are kept
 * @param chat whether texts are conversations
 * @param packing how documents become rows
 * @param maxSftTokens the most ids in all training rows together; 0 for all
 * @param maxBadShare the share of rows that may be dead letters
 * @param maxDocumentTokens the first ids that are stored of each document
 * @param origin what the manifest says the data were made from
 */
record PrepareJob(
    String directory,
    String run,
    String input,
    String tokenizerDirectory,
    CleaningSpec cleaning,
    boolean chat,
    PackingSpec packing,
    long maxSftTokens,
    double maxBadShare,
    int maxDocumentTokens,
    DataOrigin origin)
    implements Serializable {

  /**
   * Loads the tokenizer once to see that it is usable and belongs to its model.
   *
   * @throws DatasetException if it is not or does not, or has no end-of-text token to separate by
   */
  static PrepareJob of(
      PrepareSpec spec, Path tokenizerDirectory, Path dataDirectory, long seed, String run)
      throws IOException {
    Separator separator;
    try (TextTokenizer tokenizer = TextTokenizer.load(tokenizerDirectory)) {
      tokenizer.requireFits(ModelConfig.read(tokenizerDirectory).requireInt("vocab_size"));
      separator = separator(spec.separator(), tokenizer, tokenizerDirectory);
    }
    return new PrepareJob(
        absolute(dataDirectory),
        run,
        spec.input().map(Path::toString).orElse("the embedded reviews"),
        absolute(tokenizerDirectory),
        spec.cleaning(),
        spec.chat(),
        new PackingSpec(spec.blockSize(), separator, spec.remainder()),
        spec.maxSftTokens(),
        spec.maxBadShare(),
        spec.maxDocumentTokens(),
        DataOrigin.of(spec, tokenizerDirectory, seed));
  }

  DataFiles files() {
    return new DataFiles(Path.of(directory));
  }

  private static String absolute(Path path) {
    return path.toAbsolutePath().normalize().toString();
  }

  private static Separator separator(
      DocumentSeparator wanted, TextTokenizer tokenizer, Path directory) {
    return switch (wanted) {
      case NONE -> new Separator.Nothing();
      case END_OF_TEXT -> {
        if (tokenizer.endOfTextIds().isEmpty()) {
          throw new DatasetException(
              directory.toString(),
              "an eos_token_id or eos_token, because separator is end-of-text",
              "none",
              "State one in generation_config.json, or set separator to none");
        }
        yield new Separator.Token(tokenizer.endOfTextIds().get(0));
      }
    };
  }
}
