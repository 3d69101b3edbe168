package dev.cantilever.commit;

import dev.cantilever.beam.ArrowBatch;
import dev.cantilever.beam.BatchKey;
import dev.cantilever.beam.OpenBatch;
import dev.cantilever.codec.ArrowMemory;
import dev.cantilever.codec.Schemas;
import dev.cantilever.codec.StagedParquet;
import dev.cantilever.row.Rollout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/** A batch to a Parquet file of its own; emits the file's name and row count. */
final class WriteBatchFn extends DoFn<KV<BatchKey, ArrowBatch>, KV<String, Integer>> {

  private static final long serialVersionUID = 1L;

  private final String directory;

  WriteBatchFn(String directory) {
    this.directory = directory;
  }

  @ProcessElement
  public void process(
      @Element KV<BatchKey, ArrowBatch> element, OutputReceiver<KV<String, Integer>> files)
      throws IOException {
    Path folder = Files.createDirectories(Path.of(directory));
    String name = "batch-%06d.parquet".formatted(element.getKey().batch());
    try (ArrowMemory memory = ArrowMemory.open("write " + name);
        OpenBatch batch = element.getValue().open(memory.allocator());
        StagedParquet<Rollout> file = StagedParquet.open(Schemas.ROLLOUT, folder.resolve(name))) {
      file.writeBatch(batch.root());
      file.publish();
    }
    files.output(KV.of(name, element.getValue().rows()));
  }
}
