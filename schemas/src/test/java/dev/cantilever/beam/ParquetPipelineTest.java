package dev.cantilever.beam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.codec.ParquetRecordReader;
import dev.cantilever.codec.Schemas;
import dev.cantilever.row.Examples;
import dev.cantilever.row.Rollout;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.io.Compression;
import org.apache.beam.sdk.io.FileIO;
import org.apache.beam.sdk.schemas.transforms.Select;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.transforms.Count;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.Flatten;
import org.apache.beam.sdk.transforms.GroupByKey;
import org.apache.beam.sdk.transforms.Values;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParquetPipelineTest {

  private static final List<Rollout> ROLLOUTS = Examples.rollouts(40);

  @TempDir Path folder;

  private static Pipeline pipeline() {
    return TestPipeline.create().enableAbandonedNodeEnforcement(false);
  }

  private List<Path> written() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".parquet")).sorted().toList();
    }
  }

  private PCollection<Rollout> read(Pipeline pipeline) {
    return pipeline
        .apply(FileIO.match().filepattern(folder + "/*.parquet"))
        .apply(FileIO.readMatches().withCompression(Compression.UNCOMPRESSED))
        .apply(ReadRecords.of(Schemas.ROLLOUT));
  }

  private void write(int shards) {
    Pipeline pipeline = pipeline();
    pipeline
        .apply(Create.of(ROLLOUTS))
        .apply(
            FileIO.<Rollout>write()
                .via(ParquetSink.of(Schemas.ROLLOUT))
                .to(folder.toString())
                .withSuffix(".parquet")
                .withNumShards(shards));
    pipeline.run().waitUntilFinish();
  }

  @Test
  void parquetSink_shards_holdEveryRolloutOnce() throws IOException {
    write(3);
    List<Rollout> found = new ArrayList<>();
    for (Path file : written()) {
      found.addAll(ParquetRecordReader.readAll(Schemas.ROLLOUT, file));
    }
    assertThat(written()).hasSize(3);
    assertThat(found).containsExactlyInAnyOrderElementsOf(ROLLOUTS);
  }

  @Test
  void readRecords_inAnotherPipeline_givesRolloutsAndTheirFields() {
    write(2);
    Pipeline pipeline = pipeline();
    PCollection<Rollout> rollouts = read(pipeline);
    PAssert.that(rollouts).containsInAnyOrder(ROLLOUTS);
    PCollection<Row> reasons = rollouts.apply(Select.fieldNames("stop_reason"));
    PAssert.thatSingleton(reasons.apply(Count.globally())).isEqualTo(40L);
    pipeline.run().waitUntilFinish();
  }

  @Test
  void parquetBatchSink_batchesGroupedByKey_holdEveryRolloutOnce() throws IOException {
    List<KV<BatchKey, ArrowBatch>> batches = new ArrayList<>();
    for (int batch = 0; batch < 10; batch++) {
      batches.add(
          KV.of(
              new BatchKey(3, batch),
              ArrowBatch.ofRecords(Schemas.ROLLOUT, ROLLOUTS.subList(4 * batch, 4 * batch + 4))));
    }
    Pipeline pipeline = pipeline();
    pipeline
        .apply(Create.of(batches))
        .apply(GroupByKey.create())
        .apply(Values.create())
        .apply(Flatten.iterables())
        .apply(
            FileIO.<ArrowBatch>write()
                .via(ParquetBatchSink.of(Schemas.ROLLOUT))
                .to(folder.toString())
                .withSuffix(".parquet")
                .withNumShards(1));
    pipeline.run().waitUntilFinish();
    assertThat(written()).hasSize(1);
    assertThat(ParquetRecordReader.readAll(Schemas.ROLLOUT, written().get(0)))
        .containsExactlyInAnyOrderElementsOf(ROLLOUTS);
  }

  @Test
  void readRecords_damagedFile_failsThePipelineNamingIt() throws IOException {
    Files.write(
        folder.resolve("bad.parquet"), "no parquet at all".getBytes(StandardCharsets.UTF_8));
    Pipeline pipeline = pipeline();
    read(pipeline);
    assertThatThrownBy(() -> pipeline.run().waitUntilFinish())
        .isInstanceOf(Pipeline.PipelineExecutionException.class)
        .hasMessageContaining("bad.parquet");
  }
}
