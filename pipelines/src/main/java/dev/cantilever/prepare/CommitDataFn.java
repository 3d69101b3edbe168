package dev.cantilever.prepare;

import dev.cantilever.codec.ParquetRecordReader;
import dev.cantilever.codec.Schemas;
import dev.cantilever.codec.StagedParquet;
import dev.cantilever.manifest.CommitDirectory;
import dev.cantilever.manifest.CommitManifest;
import dev.cantilever.manifest.FileEntry;
import dev.cantilever.row.DeadLetter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/** Sees the files of all shards at once, joins the dead letters, and writes the manifest last. */
final class CommitDataFn extends DoFn<KV<String, Iterable<ShardFiles>>, String> {

  private static final long serialVersionUID = 1L;

  private final PrepareJob job;

  CommitDataFn(PrepareJob job) {
    this.job = job;
  }

  @ProcessElement
  public void process(
      @Element KV<String, Iterable<ShardFiles>> all, OutputReceiver<String> manifests)
      throws IOException {
    List<ShardFiles> shards = new ArrayList<>();
    all.getValue().forEach(shards::add);
    shards.sort(Comparator.comparingInt(ShardFiles::shard));
    DistinctIds.require(job.files(), shards);
    List<FileEntry> files = new ArrayList<>();
    PrepareCounts counts = PrepareCounts.none();
    for (ShardFiles shard : shards) {
      files.add(shard.documents());
      files.add(shard.tokens());
      counts = counts.plus(shard.counts());
    }
    files.add(joinDeadLetters(shards));
    Map<String, String> facts = new TreeMap<>(counts.facts());
    facts.putAll(job.origin().facts());
    facts.put("block_size", Integer.toString(job.packing().blockSize()));
    facts.put("max_document_tokens", Integer.toString(job.maxDocumentTokens()));
    CommitManifest manifest = new CommitManifest(DataFiles.KIND, job.run(), 0, 0, files, facts);
    manifests.output(CommitDirectory.at(Path.of(job.directory())).commit(manifest).toString());
  }

  private FileEntry joinDeadLetters(List<ShardFiles> shards) throws IOException {
    Path target = job.files().deadLetters();
    try (StagedParquet<DeadLetter> joined = StagedParquet.open(Schemas.DEAD_LETTER, target)) {
      for (ShardFiles shard : shards) {
        try (ParquetRecordReader<DeadLetter> letters =
            ParquetRecordReader.open(
                Schemas.DEAD_LETTER, job.files().shardDeadLetters(shard.shard()))) {
          for (Optional<DeadLetter> next = letters.read();
              next.isPresent();
              next = letters.read()) {
            joined.write(next.get());
          }
        }
      }
      joined.publish();
      return FileEntry.of(target, joined.rows());
    }
  }
}
