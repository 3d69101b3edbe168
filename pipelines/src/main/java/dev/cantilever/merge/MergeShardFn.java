package dev.cantilever.merge;

import dev.cantilever.adapter.AdapterMerger;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.beam.sdk.transforms.DoFn;

/** Merges one weight file aside. Again, it replaces the file with the same bytes. */
final class MergeShardFn extends DoFn<String, ShardTally> {
  private static final long serialVersionUID = 1L;

  private final MergeSpec spec;
  private final MergeWork work;

  MergeShardFn(MergeSpec spec, MergeWork work) {
    this.spec = spec;
    this.work = work;
  }

  @ProcessElement
  public void process(@Element String shard, OutputReceiver<ShardTally> out) throws IOException {
    try (AdapterMerger merger =
        AdapterMerger.open(Path.of(spec.model()), Path.of(spec.adapter()))) {
      out.output(new ShardTally(shard, merger.writeShard(shard, work.result())));
    }
  }
}
