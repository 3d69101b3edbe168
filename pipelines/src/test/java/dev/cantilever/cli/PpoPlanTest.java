package dev.cantilever.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.host.DeviceSpec;
import dev.cantilever.host.ModelHost;
import dev.cantilever.loop.StepListener;
import dev.cantilever.recipe.Recipe;
import dev.cantilever.recipe.Setting;
import dev.cantilever.rehearsal.MemoryPlan;
import dev.cantilever.run.RunLayout;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.train.OverBudgetException;
import dev.cantilever.train.RecipeSections;
import dev.cantilever.train.RunnerArguments;
import dev.cantilever.train.TrainingRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What PPO will take of the device is known before it loads, checked, and what it then takes. */
class PpoPlanTest {

  @TempDir static Path folder;
  private static Workbench bench;

  @BeforeAll
  static void prepare() throws IOException {
    bench = new Workbench(folder);
  }

  @BeforeEach
  void reset() throws IOException {
    ModelHost.unload();
    bench.reset();
  }

  @AfterAll
  static void unload() {
    ModelHost.unload();
  }

  private static Workbench.Outcome run(String command, String out, String... more) {
    List<String> arguments = new ArrayList<>(bench.arguments(command, out));
    arguments.add("--json");
    arguments.addAll(List.of(more));
    if (command.equals("plan")) { // the same recipe, but it writes nowhere
      int at = arguments.indexOf("--out");
      arguments.subList(at, at + 2).clear();
    }
    return bench.run(arguments);
  }

  private static JsonNode json(Workbench.Outcome outcome) throws IOException {
    List<String> lines = outcome.out().lines().toList();
    assertThat(lines).as(outcome.err()).isNotEmpty();
    return new ObjectMapper().readTree(lines.get(lines.size() - 1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ppo", "demo"})
  void command_thatDoesNotFit_showsThePlanAndMakesNothing(String command) throws IOException {
    Map<String, Long> before = bench.files();

    Workbench.Outcome refused =
        run(command, "new", "--budget", "40MiB", "--set", "rollout.response_min_tokens=4");

    assertThat(refused.exitCode()).as(refused.err()).isEqualTo(ExitCode.OVER_BUDGET);
    assertThat(refused.err())
        .contains("base weights", "does not fit", "raise --budget")
        .contains("40.0");
    assertThat(json(refused).at("/fits").asBoolean(true)).isFalse();
    assertThat(json(refused).at("/process_bytes").asLong()).isGreaterThan(40L << 20);
    assertThat(bench.files()).isEqualTo(before);
    assertThat(bench.path("new")).doesNotExist();
    assertThat(ModelHost.memory(new DeviceSpec(BackendKind.CPU, 40L << 20, Int8Mode.WEIGHT_ONLY)))
        .isEmpty();
  }

  @Test
  void ppo_asAProgramOfItsOwn_isRefusedByTheSameTable() throws IOException {
    RunLayout layout = new RunLayout(bench.path("run"));
    Recipe recipe =
        RecipeSections.all().load(layout.recipe(), List.of(Setting.parse("run.budget=40MiB")));
    TrainingRun run = new TrainingRun(recipe, layout, new RunnerArguments(List.of()));
    Map<String, Long> before = bench.files();

    OverBudgetException refused =
        catchThrowableOfType(OverBudgetException.class, () -> run.ppo(StepListener.SILENT));

    assertThat(refused).hasMessageContaining("does not fit").hasMessageContaining("base weights");
    assertThat(Failure.of(refused).exitCode()).isEqualTo(ExitCode.OVER_BUDGET);
    assertThat(bench.files()).isEqualTo(before);
  }

  /**
   * A run that was killed between its sft and its merge goes on with the plan that it began with.
   */
  @Test
  void planMerging_withTheAdapterOfSftThereAlready_isThatOfTheBeginning() throws IOException {
    RunLayout layout = new RunLayout(bench.path("killed"));
    Recipe recipe =
        RecipeSections.all()
            .load(
                new RunLayout(bench.path("run")).recipe(),
                List.of(Setting.parse("run.budget=1GiB")));
    RunnerArguments runner = new RunnerArguments(List.of());
    MemoryPlan beginning = new TrainingRun(recipe, layout, runner).planMerging().plan();
    Files.createDirectories(layout.sftAdapter());
    try (Stream<Path> files = Files.list(bench.path("adapter"))) {
      for (Path file : files.toList()) {
        Files.copy(file, layout.sftAdapter().resolve(file.getFileName()));
      }
    }

    MemoryPlan goingOn = new TrainingRun(recipe, layout, runner).planMerging().plan();

    assertThat(goingOn).isEqualTo(beginning);
    assertThat(new TrainingRun(recipe, layout, runner).plan().plan()).isNotEqualTo(beginning);
  }

  @Test
  void ppo_overAFrozenAdapter_takesWhatPlanSaysToTheByte() throws IOException {
    String[] settings = {
      "--adapter",
      bench.path("adapter").toString(),
      "--budget",
      "1GiB",
      "--set",
      "ppo.kl.penalty=full",
      "--set",
      "loop.steps=2"
    };
    JsonNode planned = json(run("plan", "run", settings));

    Workbench.Outcome done = run("ppo", "new", settings);

    assertThat(done.exitCode()).as(done.err()).isEqualTo(ExitCode.DONE);
    JsonNode json = json(done);
    assertThat(json.at("/plan")).isEqualTo(planned);
    assertThat(json.at("/peak_bytes")).isEqualTo(planned.at("/bytes"));
    assertThat(json.at("/arena_bytes")).isEqualTo(planned.at("/arena_bytes"));
    assertThat(done.err()).contains("memory, MiB", "arenas together");
  }

  @Test
  void ppo_whosePlanLowersItsPasses_leavesTheSameAdapter() throws IOException {
    String[] roomy = {"--set", "reward.max_tokens=8", "--budget", "1GiB"};
    JsonNode planned = json(run("plan", "run", roomy));
    long least = planned.at("/process_bytes").asLong();
    String[] tight = {"--set", "reward.max_tokens=8", "--budget", Long.toString(least - 1)};

    assertThat(run("ppo", "roomy", roomy).exitCode()).isEqualTo(ExitCode.DONE);
    Workbench.Outcome lowered = run("ppo", "tight", tight);

    assertThat(lowered.exitCode()).as(lowered.err()).isEqualTo(ExitCode.DONE);
    assertThat(json(lowered).at("/plan/advice").asText()).startsWith("To fit");
    assertThat(json(lowered).at("/peak_bytes")).isEqualTo(json(lowered).at("/plan/bytes"));
    String adapter = "adapter/adapter_model.safetensors";
    assertThat(Files.readAllBytes(bench.path("tight").resolve(adapter)))
        .isEqualTo(Files.readAllBytes(bench.path("roomy").resolve(adapter)));
  }
}
