package dev.cantilever.merge;

import dev.cantilever.adapter.AdapterMerger;
import dev.cantilever.adapter.MergeTally;
import dev.cantilever.hub.StagedDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/**
 * Adds what is not weights and renames the result onto its destination. If the result has gone, an
 * attempt before this one has renamed it: nobody else knows its name.
 */
final class PublishModelFn extends DoFn<KV<String, Iterable<ShardTally>>, MergeSummary> {
  private static final long serialVersionUID = 1L;

  private final MergeSpec spec;
  private final MergeWork work;

  PublishModelFn(MergeSpec spec, MergeWork work) {
    this.spec = spec;
    this.work = work;
  }

  @ProcessElement
  public void process(
      @Element KV<String, Iterable<ShardTally>> shards, OutputReceiver<MergeSummary> out)
      throws IOException {
    Map<String, MergeTally> byShard = new TreeMap<>();
    shards.getValue().forEach(shard -> byShard.put(shard.shard(), shard.tally()));
    MergeTally total = byShard.values().stream().reduce(MergeTally.NONE, MergeTally::plus);
    MergeSummary summary = MergeSummary.of(total, spec.out());
    if (Files.exists(work.result())) {
      work.writeSummary(summary);
      try (AdapterMerger merger =
          AdapterMerger.open(Path.of(spec.model()), Path.of(spec.adapter()))) {
        merger.writeCompanions(work.result());
      }
      StagedDirectory.publish(work.result(), Path.of(spec.out()));
    }
    out.output(summary);
  }
}
