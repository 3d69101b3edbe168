package dev.cantilever.train;

import dev.cantilever.adapter.AdapterMerger;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.EightBitSettings;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.model.CheckpointHeads;
import dev.cantilever.model.EmbeddingSpec;
import dev.cantilever.model.Families;
import dev.cantilever.recipe.UsageException;
import dev.cantilever.reward.Judge;
import dev.cantilever.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Looks at the models of a recipe, as far as descriptions, headers and tokenizers tell. What only
 * loading finds, a tensor of another shape, changes no setting and can be mended under a run.
 */
final class ModelCheck {
  private ModelCheck() {}

  /**
   * Looks at a base, and at an adapter for it.
   *
   * @param longestRow most tokens that the base must take in one row
   * @throws UsageException if it does not take so many
   * @throws dev.cantilever.hub.CheckpointException naming the file at fault
   */
  static void policy(Path base, Optional<Path> adapter, int longestRow) throws IOException {
    try (ModelDirectory directory = ModelDirectory.open(base)) {
      CheckpointHeads.language(directory);
      requireTokenizer(directory);
      EmbeddingSpec embedding =
          Families.of(directory.config()).architecture(directory.config()).embedding();
      if (longestRow > embedding.maxPositions()) {
        throw new UsageException(
            "expected rollout.query_max_tokens and rollout.response_max_tokens to fit the "
                + embedding.maxPositions()
                + " positions of "
                + directory.config().file()
                + " together, got "
                + longestRow
                + "; lower one of them");
      }
    }
    if (adapter.isPresent()) {
      adapter(base, adapter.get());
    }
  }

  /**
   * A base in 8 bit takes adapters that it cannot be merged with: loading looks at their shapes.
   */
  private static void adapter(Path base, Path adapter) throws IOException {
    boolean eightBit;
    try (ModelDirectory directory = ModelDirectory.open(base)) {
      eightBit = EightBitSettings.of(directory.config()).isPresent();
    }
    if (eightBit) {
      AdapterDirectory.open(adapter).close();
    } else {
      AdapterMerger.open(base, adapter).close();
    }
  }

  /**
   * Looks at a classifier.
   *
   * @throws dev.cantilever.hub.CheckpointException naming the file at fault
   */
  static void judge(Judge judge) throws IOException {
    try (ModelDirectory directory = ModelDirectory.open(judge.model().path())) {
      judge.rewarded(CheckpointHeads.labels(directory));
      requireTokenizer(directory);
    }
  }

  private static void requireTokenizer(ModelDirectory directory) throws IOException {
    try (TextTokenizer tokenizer = TextTokenizer.load(directory.path())) {
      tokenizer.requireFits(directory.config().requireInt("vocab_size"));
    }
  }
}
