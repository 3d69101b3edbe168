package dev.cantilever.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.host.RecordedLoads;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.parity.Fixtures;
import dev.cantilever.rehearsal.PassSettings;
import dev.cantilever.rehearsal.Workload;
import dev.cantilever.tensor.Int8Mode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StepBenchmarkTest {

  private static final long BUDGET = 256L << 20;

  @Test
  void measure_ofACheckpoint_showsItsLoadOnce() throws IOException {
    RecordedLoads loads = new RecordedLoads();
    try (ModelDirectory checkpoint = ModelDirectory.open(Fixtures.path("gpt_neox"))) {
      Workload workload =
          new Workload(
              2, 3, 5, 2, 1, Workload.attentionLora(checkpoint.config()), Int8Mode.WEIGHT_ONLY, 7);
      BenchOptions options =
          new BenchOptions(
              checkpoint.config(),
              BackendKind.CPU,
              BUDGET,
              workload,
              new PassSettings(2, 16, KeepPlan.everything()),
              BenchPhase.UPDATE,
              1);
      List<String> said = new ArrayList<>();
      StepBenchmark benchmark =
          new StepBenchmark(options, Optional.of(checkpoint), said::add, loads);
      benchmark.measure(benchmark.plan());

      long bytes = checkpoint.bytes();
      assertThat(loads.lines()).containsExactly("gpt_neox: %1$d of %1$d bytes".formatted(bytes));
      assertThat(said).noneMatch(line -> line.contains("drawing"));
    }
  }
}
