package dev.cantilever.merge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.adapter.MergeTally;
import dev.cantilever.parity.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.beam.sdk.transforms.DoFn.OutputReceiver;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.OutputBuilder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bundles that a runner tries again. */
class PublishModelFnTest {
  @TempDir private Path folder;
  private MergeSpec spec;
  private MergeWork work;

  @BeforeEach
  void workFolder() throws IOException {
    Path base = Fixtures.path("gpt_neox");
    spec =
        new MergeSpec(
            base.toString(),
            base.resolve("adapter").toString(),
            folder.resolve("merged").toString());
    work = MergeWork.in(Files.createDirectory(folder.resolve("work")));
  }

  @Test
  void process_everythingTwice_leavesTheSameBytesAndSummary() throws IOException {
    MergeShardFn merge = new MergeShardFn(spec, work);
    PublishModelFn publish = new PublishModelFn(spec, work);
    List<ShardTally> tallies = new ArrayList<>();
    List<MergeSummary> summaries = new ArrayList<>();

    merge.process("model.safetensors", receiver(tallies));
    byte[] first = Files.readAllBytes(work.result().resolve("model.safetensors"));
    merge.process("model.safetensors", receiver(tallies));
    publish.process(KV.of("", tallies.subList(0, 1)), receiver(summaries));
    publish.process(KV.of("", tallies.subList(1, 2)), receiver(summaries));

    assertThat(tallies.get(1)).isEqualTo(tallies.get(0));
    assertThat(summaries.get(1)).isEqualTo(summaries.get(0));
    assertThat(folder.resolve("merged/model.safetensors")).hasBinaryContent(first);
    assertThat(folder.resolve("merged/config.json")).exists();
  }

  @Test
  void process_shardsInAnyOrder_giveOneSummary() throws IOException {
    List<MergeSummary> summaries = new ArrayList<>();
    List<ShardTally> tallies = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      tallies.add(new ShardTally("s" + i, new MergeTally(1, i, 0.1 * i, 0.1 + 1e-17 * i)));
    }
    new PublishModelFn(spec, work).process(KV.of("", tallies), receiver(summaries));
    Collections.reverse(tallies);
    new PublishModelFn(spec, work).process(KV.of("", tallies), receiver(summaries));

    assertThat(summaries.get(1)).isEqualTo(summaries.get(0));
    assertThat(summaries.get(0).tensorsCopied()).isEqualTo(10);
    assertThat(summaries.get(0).drift()).isEqualTo(0.4);
  }

  private static <T> OutputReceiver<T> receiver(List<T> to) {
    return new OutputReceiver<>() {
      @Override
      public OutputBuilder<T> builder(T value) {
        throw new UnsupportedOperationException("not used by these functions");
      }

      @Override
      public void output(T value) {
        to.add(value);
      }
    };
  }
}
