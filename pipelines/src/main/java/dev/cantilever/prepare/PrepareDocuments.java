package dev.cantilever.prepare;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.List;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.SerializableCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.GroupByKey;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Reshuffle;
import org.apache.beam.sdk.transforms.WithKeys;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;

/**
 * Prepares the documents of an input as files of tokens, and emits the path of the manifest that
 * commits them, as its only element.
 *
 * <p>Shards are prepared and their rows numbered in parallel. What must see all of them, the
 * judgement of the counts and the commit, waits for them behind a grouping on one key, whose values
 * are a few numbers and names per shard.
 */
public final class PrepareDocuments extends PTransform<PBegin, PCollection<String>> {

  private static final long serialVersionUID = 1L;

  /** The one key of what is grouped as a whole. */
  private static final String ALL = "all";

  private final PrepareJob job;
  private final List<KV<Integer, ShardTask>> tasks;

  private PrepareDocuments(PrepareJob job, List<KV<Integer, ShardTask>> tasks) {
    this.job = job;
    this.tasks = tasks;
  }

  /**
   * Looks at input and tokenizer; writes nothing.
   *
   * @param spec what is read, and what becomes of it
   * @param tokenizerDirectory the policy's model directory, for its tokenizer
   * @param dataDirectory where the files go; every worker must reach it by this path
   * @param seed the run's seed
   * @param run name of the run
   * @throws dev.cantilever.text.DatasetException if the input is missing, empty or of no known
   *     format, or the tokenizer is not the model's
   */
  public static PrepareDocuments of(
      PrepareSpec spec, Path tokenizerDirectory, Path dataDirectory, long seed, String run)
      throws IOException {
    List<KV<Integer, ShardTask>> tasks =
        ShardTask.list(spec, seed).stream().map(task -> KV.of(task.shard(), task)).toList();
    return new PrepareDocuments(
        PrepareJob.of(spec, tokenizerDirectory, dataDirectory, seed, run), tasks);
  }

  @Override
  public PCollection<String> expand(PBegin begin) {
    return begin
        .apply("List shards", Create.of(tasks).withCoder(keyed(ShardTask.class)))
        .apply("Spread shards", Reshuffle.of())
        .apply("Prepare shard", ParDo.of(new PrepareShardFn(job)))
        .setCoder(SerializableCoder.of(ShardOutcome.class))
        .apply("Gather shards", new Gather<>())
        .apply("Judge shards", ParDo.of(new JudgeShardsFn(job)))
        .setCoder(keyed(NumberedShard.class))
        .apply("Spread numbered shards", Reshuffle.of())
        .apply("Number rows", ParDo.of(new NumberRowsFn(job)))
        .setCoder(SerializableCoder.of(ShardFiles.class))
        .apply("Gather files", new Gather<>())
        .apply("Commit data", ParDo.of(new CommitDataFn(job)))
        .setCoder(StringUtf8Coder.of());
  }

  private static <T extends Serializable> Coder<KV<Integer, T>> keyed(Class<T> type) {
    return KvCoder.of(VarIntCoder.of(), SerializableCoder.of(type));
  }

  /** Brings all elements together under one key. */
  private static final class Gather<T>
      extends PTransform<PCollection<T>, PCollection<KV<String, Iterable<T>>>> {

    private static final long serialVersionUID = 1L;

    @Override
    public PCollection<KV<String, Iterable<T>>> expand(PCollection<T> elements) {
      return elements
          .apply(WithKeys.of(ALL))
          .setCoder(KvCoder.of(StringUtf8Coder.of(), elements.getCoder()))
          .apply(GroupByKey.create());
    }
  }
}
