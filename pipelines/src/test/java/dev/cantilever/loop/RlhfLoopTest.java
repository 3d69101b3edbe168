package dev.cantilever.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cantilever.codec.ParquetRecordReader;
import dev.cantilever.codec.Schemas;
import dev.cantilever.commit.CommittedRollouts;
import dev.cantilever.host.AdapterRef;
import dev.cantilever.host.ModelHost;
import dev.cantilever.host.ModelRef;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.manifest.CommitDirectory;
import dev.cantilever.manifest.ManifestException;
import dev.cantilever.row.Rollout;
import dev.cantilever.row.RolloutUpdate;
import dev.cantilever.row.Statistic;
import dev.cantilever.row.StepStats;
import dev.cantilever.run.RunFiles;
import dev.cantilever.run.RunLayout;
import dev.cantilever.update.DerivedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RlhfLoopTest {

  private static final int STEPS = 3;
  private static final double ROUNDING = 1e-9; // seconds; of sums and differences of four numbers
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path folder;
  private static SmallRun small;
  private static LoopSummary summary;
  private static RunLayout layout;
  private static Map<String, String> expected;

  @BeforeAll
  static void runOnce() throws IOException {
    small = new SmallRun(folder.resolve("models"));
    layout = new RunLayout(folder.resolve("reference"));
    summary = small.run(small.task(STEPS), layout.root(), "--targetParallelism=1");
    expected = RunFiles.digests(layout.root());
  }

  @AfterAll
  static void unload() {
    small.close();
    ModelHost.unload();
  }

  @Test
  void run_leavesRolloutsUpdatesStatesAndAdapter() throws IOException {
    assertThat(summary.steps()).extracting(StepStats::step).containsExactly(1, 2, 3);
    for (int step = 1; step <= STEPS; step++) {
      List<Rollout> rollouts =
          CommittedRollouts.read(CommitDirectory.at(layout.rollouts(step)).manifestPath());
      assertThat(rollouts).hasSize(SmallRun.ROWS).allMatch(r -> r.scores().size() == 2);
      assertThat(rollouts).extracting(r -> r.scores().get(0).label()).containsOnly("POSITIVE");
      List<RolloutUpdate> updates =
          ParquetRecordReader.readAll(
              Schemas.ROLLOUT_UPDATE, layout.updates(step).resolve(DerivedFiles.UPDATES));
      for (int row = 0; row < updates.size(); row++) {
        assertThat(updates.get(row).oldLogprobs().size())
            .isEqualTo(rollouts.get(row).response().length());
      }
    }
    assertThat(layout.state(1)).doesNotExist();
    assertThat(layout.state(2)).exists();
    assertThat(layout.state(3)).exists();
    assertThat(layout.adapter().resolve("adapter_model.safetensors"))
        .hasSameBinaryContentAs(layout.state(3).resolve("adapter/adapter_model.safetensors"));
    assertThat(ParquetRecordReader.readAll(Schemas.STEP_STATS, layout.steps()))
        .isEqualTo(summary.steps());
    assertThat(Files.readAllLines(layout.metrics())).hasSize(STEPS);
  }

  @Test
  void run_metrics_sayWhereEachIterationsSecondsWent() throws IOException {
    for (JsonNode line : metrics(layout)) {
      assertTimesAddUp(line);
      assertThat(line.get("time/rollout").doubleValue()).isPositive();
      assertThat(line.get("time/scores").doubleValue()).isPositive();
    }
  }

  @Test
  void run_freshAdapter_startsAtKlZero_andThenMoves() {
    assertThat(summary.steps().get(0).get(Statistic.KL)).isZero();
    assertThat(summary.steps().get(STEPS - 1).get(Statistic.KL)).isNotZero();
    assertThat(summary.steps()).allMatch(s -> s.get(Statistic.OPTIMIZER_STEPS) == 4);
    assertThat(summary.steps()).allMatch(s -> s.get(Statistic.SAMPLER_GAP_MAX) < 1e-3);
  }

  @Test
  void run_withMoreWorkers_leavesTheSameBytes() throws IOException {
    Path other = folder.resolve("workers");
    small.run(small.task(STEPS), other, "--targetParallelism=3");
    assertThat(RunFiles.digests(other)).isEqualTo(expected);
  }

  @Test
  void run_onFlink_leavesTheSameBytes() throws IOException {
    Path other = folder.resolve("flink");
    small.run(
        small.task(STEPS),
        other,
        "--runner=FlinkRunner",
        "--flinkMaster=[local]",
        "--parallelism=2");
    assertThat(RunFiles.digests(other)).isEqualTo(expected);
    for (JsonNode line : metrics(new RunLayout(other))) {
      assertTimesAddUp(line);
      assertThat(line.get("time/rollout").doubleValue()).isPositive();
    }
  }

  @Test
  void run_interruptedAnywhere_continuesToTheSameBytes() throws IOException {
    Path other = folder.resolve("interrupted");
    RunLayout there = new RunLayout(other);
    small.run(small.task(1), other);
    // As a kill leaves it: rollouts of step 2 committed, others' halves lying about.
    copy(layout.rollouts(2), there.rollouts(2));
    Files.createDirectories(there.states().resolve(".step-000002.part"));
    copy(layout.updates(1), there.updates(2)); // committed, by a build of other bits
    Files.writeString(there.updates(2).resolve(".updates.parquet.part"), "half");
    Files.createDirectories(there.rollouts(3));
    Files.writeString(there.rollouts(3).resolve("batch-000007.parquet"), "litter");
    Files.writeString(there.metrics(), "{\"step\":2,\"half");
    deleteTree(there.adapter());
    LoopSummary continued = small.run(small.task(STEPS), other);
    assertThat(continued.steps()).isEqualTo(summary.steps());
    assertThat(RunFiles.digests(other)).isEqualTo(expected);
    List<JsonNode> metrics = metrics(there);
    assertThat(metrics).hasSize(STEPS);
    assertThat(metrics.get(0).has("time/iteration")).isFalse(); // the kill took the line
    metrics.subList(1, STEPS).forEach(RlhfLoopTest::assertTimesAddUp);
    assertThat(metrics.get(1).get("time/rollout").doubleValue()).isZero(); // made before the kill
  }

  @Test
  void run_thatIsDone_changesNothing() throws IOException {
    LoopSummary again = small.run(small.task(STEPS), layout.root());
    assertThat(again.steps()).isEqualTo(summary.steps());
    assertThat(RunFiles.digests(layout.root())).isEqualTo(expected);
  }

  @Test
  void run_rolloutsOfAnotherPolicy_areRefusedNamingTheManifest() throws IOException {
    Path other = folder.resolve("stale");
    RunLayout there = new RunLayout(other);
    copy(layout.rollouts(2), there.rollouts(1));
    assertThatThrownBy(() -> small.run(small.task(1), other))
        .hasStackTraceContaining(ManifestException.class.getName())
        .hasStackTraceContaining("expected rollouts of step 1");
    assertThat(there.state(1)).doesNotExist();
  }

  @Test
  void run_overAReferenceAdapter_startsAtKlZero_andIsHeldToThatReference() throws IOException {
    AdapterRef trained = new AdapterRef(AdapterRef.REFERENCE, ModelRef.of(layout.adapter()));
    Path other = folder.resolve("stacked");
    LoopSummary stacked = small.run(small.task(2, List.of(trained)), other);
    assertThat(stacked.steps().get(0).get(Statistic.KL)).isZero();
    assertThat(stacked.steps().get(1).get(Statistic.KL)).isNotZero();
    Rollout first =
        CommittedRollouts.read(CommitDirectory.at(new RunLayout(other).rollouts(1)).manifestPath())
            .get(0);
    assertThat(first.provenance().adapterDigest()).isNotEqualTo(sampledFrom(1));
    assertThatThrownBy(() -> small.run(small.task(STEPS), other))
        .hasStackTraceContaining(CheckpointException.class.getName())
        .hasStackTraceContaining("reference adapters that the run began with");
  }

  @Test
  void run_rolloutsOfAStep_stateTheDigestThatTheStepBeforeLeft() throws IOException {
    assertThat(sampledFrom(2)).isEqualTo(summary.steps().get(0).adapterDigest());
    assertThat(sampledFrom(3)).isEqualTo(summary.steps().get(1).adapterDigest());
  }

  private static String sampledFrom(int step) throws IOException {
    return CommittedRollouts.read(CommitDirectory.at(layout.rollouts(step)).manifestPath())
        .get(0)
        .provenance()
        .adapterDigest();
  }

  @Test
  void run_beyondStopKl_ends() throws IOException {
    LoopSpec early = new LoopSpec(STEPS, Optional.of(1e-9), 2);
    LoopSummary stopped = small.run(small.task(early, List.of()), folder.resolve("early"));
    int done = stopped.steps().size();
    assertThat(done).isLessThanOrEqualTo(STEPS);
    IntStream.range(0, done - 1)
        .forEach(
            i -> assertThat(stopped.steps().get(i).get(Statistic.KL)).isLessThanOrEqualTo(1e-9));
  }

  private static List<JsonNode> metrics(RunLayout run) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(run.metrics())) {
      lines.add(JSON.readTree(line));
    }
    return lines;
  }

  /** One process with one device: no part is below 0, and together they are the whole. */
  private static void assertTimesAddUp(JsonNode line) {
    double parts = 0;
    for (String part : List.of("rollout", "scores", "update", "pipeline")) {
      assertThat(line.path("time/" + part).isDouble()).as(part).isTrue();
      double seconds = line.get("time/" + part).doubleValue();
      assertThat(seconds).as(part).isNotNegative();
      parts += seconds;
    }
    assertThat(line.get("time/update").doubleValue()).isPositive();
    assertThat(parts).isCloseTo(line.get("time/iteration").doubleValue(), within(ROUNDING));
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (var files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  private static void deleteTree(Path tree) throws IOException {
    try (var files = Files.walk(tree)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
