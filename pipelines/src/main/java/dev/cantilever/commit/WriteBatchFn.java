package dev.cantilever.commit;

import dev.cantilever.beam.ArrowBatch;
import dev.cantilever.beam.BatchKey;
import dev.cantilever.beam.ParquetBatchSink;
import dev.cantilever.codec.Schemas;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
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
    Path aside = folder.resolve("." + name + "." + UUID.randomUUID() + ".part");
    try {
      write(aside, element.getValue());
      Files.move(
          aside,
          folder.resolve(name),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(aside);
    }
    files.output(KV.of(name, element.getValue().rows()));
  }

  private static void write(Path file, ArrowBatch batch) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ParquetBatchSink sink = ParquetBatchSink.of(Schemas.ROLLOUT);
      sink.open(channel);
      sink.write(batch);
      sink.flush();
    }
  }
}
