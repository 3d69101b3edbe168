package dev.cantilever.prepare;

import dev.cantilever.sample.EmbeddedSample;
import dev.cantilever.sample.EmbeddedSamples;
import dev.cantilever.text.DatasetException;
import dev.cantilever.text.TextColumns;
import dev.cantilever.text.TextFormat;
import dev.cantilever.text.TextShard;
import dev.cantilever.text.TextSource;
import dev.cantilever.text.TrainTestSplit;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A part of the input that one worker prepares.
 *
 * @param shard its number, from 0, in the order of the input
 * @param text what to read
 * @param split on which side its documents lie
 */
record ShardTask(int shard, TextShard text, TrainTestSplit split) implements Serializable {

  private static final double ALL_TRAIN = 0;
  private static final double ALL_TEST = 1;

  /**
   * Lists the parts of the input, training before held-out text.
   *
   * @throws DatasetException if there is nothing to read, or nobody knows how
   */
  static List<ShardTask> list(PrepareSpec spec, long seed) throws IOException {
    List<ShardTask> tasks = new ArrayList<>();
    if (spec.input().isEmpty()) {
      Path reviews =
          EmbeddedSamples.extract(
              EmbeddedSample.REVIEWS, Path.of(System.getProperty("java.io.tmpdir")));
      add(tasks, embedded(reviews.resolve("train.jsonl")), new TrainTestSplit(seed, ALL_TRAIN));
      add(tasks, embedded(reviews.resolve("test.jsonl")), new TrainTestSplit(seed, ALL_TEST));
      return tasks;
    }
    double heldOut = spec.testInput().isPresent() ? ALL_TRAIN : spec.testFraction();
    add(tasks, source(spec, spec.input().get()), new TrainTestSplit(seed, heldOut));
    if (spec.testInput().isPresent()) {
      add(tasks, source(spec, spec.testInput().get()), new TrainTestSplit(seed, ALL_TEST));
    }
    if (tasks.size() > DataFiles.MOST_SHARDS) {
      throw new DatasetException(
          spec.input().get().toString(),
          "at most " + DataFiles.MOST_SHARDS + " files",
          Integer.toString(tasks.size()),
          "Concatenate the files to fewer, larger ones");
    }
    return tasks;
  }

  private static TextSource embedded(Path file) {
    return new TextSource(file, TextFormat.JSONL, TextColumns.ofReviews());
  }

  private static TextSource source(PrepareSpec spec, Path root) throws IOException {
    TextColumns columns =
        new TextColumns(spec.textColumn(), spec.idColumn().orElse(""), List.of(), spec.chat());
    return spec.format().isPresent()
        ? new TextSource(root, spec.format().get(), columns)
        : TextSource.detect(root, columns);
  }

  private static void add(List<ShardTask> tasks, TextSource source, TrainTestSplit split)
      throws IOException {
    for (TextShard text : source.shards()) {
      tasks.add(new ShardTask(tasks.size(), text, split));
    }
  }
}
