package dev.cantilever.merge;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.GroupByKey;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Reshuffle;
import org.apache.beam.sdk.transforms.WithKeys;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;

/** Merges an adapter into a checkpoint and gives one summary, once the result is in its place. */
public final class MergeAdapter extends PTransform<PBegin, PCollection<MergeSummary>> {
  private static final long serialVersionUID = 1L;

  private final MergeSpec spec;
  private final List<String> shards;
  private final MergeWork work;

  private MergeAdapter(MergeSpec spec, List<String> shards, MergeWork work) {
    this.spec = spec;
    this.shards = List.copyOf(shards);
    this.work = work;
  }

  /**
   * Describes a merge.
   *
   * @param shards the names of the base's weight files, as {@code AdapterMerger} lists them
   * @param work an empty directory on the file system of the destination, where files are written
   *     before they are published; the caller deletes it when the pipeline has ended
   */
  public static MergeAdapter of(MergeSpec spec, List<String> shards, Path work) throws IOException {
    return new MergeAdapter(spec, shards, MergeWork.in(work));
  }

  @Override
  public PCollection<MergeSummary> expand(PBegin input) {
    return input
        .apply("Shards", Create.of(shards).withCoder(StringUtf8Coder.of()))
        .apply("Spread", Reshuffle.viaRandomKey())
        .apply("MergeShard", ParDo.of(new MergeShardFn(spec, work)))
        .apply("Gather", WithKeys.of(""))
        .apply("AwaitAll", GroupByKey.create())
        .apply("Publish", ParDo.of(new PublishModelFn(spec, work)));
  }
}
