package dev.cantilever.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.commit.CommittedRollouts;
import dev.cantilever.host.ModelHost;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.TaskType;
import dev.cantilever.manifest.CommitDirectory;
import dev.cantilever.row.Rollout;
import dev.cantilever.row.StepStats;
import dev.cantilever.run.RunFiles;
import dev.cantilever.run.RunLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PPO of an encoder-decoder: every step asserts ratio 1 and KL 0 where they have to be. */
class EncoderDecoderLoopTest {

  @TempDir static Path folder;
  private static SmallRun small;

  @BeforeAll
  static void open() throws IOException {
    Path base = EncoderDecoderDirectory.write(folder.resolve("base"));
    small = new SmallRun(folder.resolve("models"), base, EncoderDecoderDirectory.END);
  }

  @AfterAll
  static void unload() {
    small.close();
    ModelHost.unload();
  }

  @Test
  void run_twoSteps_movesThePolicyAndLeavesAnAdapterOfItsTask() throws IOException {
    RunLayout layout = new RunLayout(folder.resolve("whole"));

    LoopSummary summary = small.run(small.task(2), layout.root(), "--targetParallelism=1");

    assertThat(summary.steps()).extracting(StepStats::step).containsExactly(1, 2);
    List<Rollout> rollouts =
        CommittedRollouts.read(CommitDirectory.at(layout.rollouts(2)).manifestPath());
    assertThat(rollouts).hasSize(SmallRun.ROWS);
    for (Rollout rollout : rollouts) {
      int[] query = rollout.query().queryIds().toArray();
      assertThat(query[query.length - 1]).isEqualTo(EncoderDecoderDirectory.END);
      assertThat(rollout.query().query()).hasSize(query.length - 1).doesNotContain("</s>");
      assertThat(rollout.response().length()).isBetween(1, 8);
    }
    try (AdapterDirectory adapter = AdapterDirectory.open(summary.adapter())) {
      AdapterConfig config = adapter.config();
      assertThat(config.taskType()).isEqualTo(TaskType.SEQ_2_SEQ_LM);
      assertThat(adapter.modules().keySet())
          .anyMatch(name -> name.contains("encoder.block.1.layer.0.SelfAttention.q"))
          .anyMatch(name -> name.contains("decoder.block.0.layer.1.EncDecAttention.v"));
    }
  }

  @Test
  void run_goneOnWithAfterAStep_leavesTheSameBytes() throws IOException {
    RunLayout whole = new RunLayout(folder.resolve("at-once"));
    RunLayout parts = new RunLayout(folder.resolve("in-parts"));
    small.run(small.task(2), whole.root(), "--targetParallelism=1");

    small.run(small.task(1), parts.root(), "--targetParallelism=1");
    small.run(small.task(2), parts.root(), "--targetParallelism=1");

    assertThat(RunFiles.digests(parts.rollouts(2))).isEqualTo(RunFiles.digests(whole.rollouts(2)));
    assertThat(RunFiles.digests(parts.updates(2))).isEqualTo(RunFiles.digests(whole.updates(2)));
  }
}
