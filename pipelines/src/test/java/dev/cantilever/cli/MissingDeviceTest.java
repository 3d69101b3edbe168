package dev.cantilever.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Asking for CUDA where there is no NVIDIA GPU; not run where there is one. */
class MissingDeviceTest {

  @TempDir private static Path root;
  private static Workbench bench;

  @BeforeAll
  static void set() throws IOException {
    assumeThat(Path.of("/dev/nvidiactl")).doesNotExist();
    bench = new Workbench(root);
  }

  @BeforeEach
  void reset() throws IOException {
    bench.reset();
  }

  private static List<String> with(String command, String option, String value) {
    List<String> arguments = new ArrayList<>(bench.arguments(command, "fresh"));
    arguments.addAll(List.of(option, value));
    return arguments;
  }

  @ParameterizedTest
  @ValueSource(strings = {"demo", "sft", "ppo", "generate", "parity"})
  void run_cudaWithoutAGpu_isOneMessageAndExitFour(String command) {
    List<String> arguments = with(command, "--backend", "cuda");
    if (command.equals("sft")) {
      assertThat(bench.run(with("prepare", "--set", "run.backend=cuda")).exitCode())
          .isEqualTo(ExitCode.DONE);
    }
    if (command.equals("demo")) {
      arguments.addAll(List.of("--set", "rollout.response_min_tokens=5")); // its own asks for more
    }

    Workbench.Outcome outcome = bench.run(arguments);

    assertThat(outcome.exitCode().number()).as(outcome.err()).isEqualTo(4);
    assertThat(outcome.err())
        .hasLineCount(1)
        .startsWith("cantilever " + command + ": Expected")
        .contains("CUDA", "found", "or use --backend cpu")
        .doesNotContain("Exception");
  }

  @Test
  void merge_recipeOfACudaRun_needsNoGpu() {
    Workbench.Outcome outcome = bench.run(with("merge", "--set", "run.backend=cuda"));

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.DONE);
  }
}
