package dev.cantilever.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.recipe.Recipe;
import dev.cantilever.recipe.RecipeSchema;
import dev.cantilever.recipe.Setting;
import dev.cantilever.recipe.UsageException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunDirectoryTest {
  private static final RecipeSchema SCHEMA =
      RecipeSchema.empty().section("run", RunSpec.defaults());

  private final Recipe recipe = SCHEMA.defaults();
  @TempDir private Path dir;

  /** What the second process of the lock test runs: takes the run, says so, waits to be killed. */
  static final class Holder {
    public static void main(String[] args) throws Exception {
      try (RunDirectory run = RunDirectory.open(Path.of(args[0]), SCHEMA.defaults(), SCHEMA)) {
        System.out.println("holding " + run.layout().root());
        System.in.read();
      }
    }
  }

  private RunDirectory open(Path root) throws IOException {
    return RunDirectory.open(root, recipe, SCHEMA);
  }

  @Test
  void open_absentDirectory_becomesARun() throws IOException {
    Path root = dir.resolve("runs/demo");
    try (RunDirectory run = open(root)) {
      assertThat(run.resumed()).isFalse();
      assertThat(run.readJson().get("recipe_digest").asText()).isEqualTo(recipe.digest());
    }
    assertThat(SCHEMA.load(root.resolve("recipe.yaml"), List.of()).digest())
        .isEqualTo(recipe.digest());
    try (Stream<Path> entries = Files.list(root)) {
      assertThat(entries.map(entry -> entry.getFileName().toString()))
          .containsExactlyInAnyOrder(".lock", "recipe.yaml", "run.json");
    }
    assertThat(RunDirectory.existing(root)).isEqualTo(new RunLayout(root));
  }

  @Test
  void open_sameRecipe_continuesAndKeepsRunJson() throws IOException {
    try (RunDirectory run = open(dir)) {
      run.updateJson(json -> json.put("stage", "sft"));
    }
    try (RunDirectory run = open(dir)) {
      assertThat(run.resumed()).isTrue();
      assertThat(run.readJson().get("stage").asText()).isEqualTo("sft");
    }
  }

  @Test
  void abandon_nothingMade_freesTheDirectoryForAnotherRecipe() throws IOException {
    Recipe other = SCHEMA.load(List.of(Setting.ofOption("--seed", "run.seed", "7")));
    try (RunDirectory run = open(dir)) {
      Files.createDirectory(run.layout().data());
      run.abandon();
    }
    try (RunDirectory run = RunDirectory.open(dir, other, SCHEMA)) {
      assertThat(run.resumed()).isFalse();
    }
  }

  @Test
  void abandon_somethingMadeOrThereBefore_keepsTheRun() throws IOException {
    try (RunDirectory run = open(dir)) {
      Files.createDirectory(run.layout().data());
      Files.writeString(run.layout().data().resolve("manifest.json"), "{}");
      run.abandon();
    }
    Files.delete(dir.resolve("data/manifest.json"));
    try (RunDirectory run = open(dir)) {
      assertThat(run.resumed()).isTrue();
      run.abandon();
    }
    assertThat(dir.resolve("run.json")).exists();
    assertThat(dir.resolve("data")).exists();
  }

  @Test
  void open_anotherRecipe_isRefusedWithTheKeysThatDiffer() throws IOException {
    open(dir).close();
    String before = Files.readString(dir.resolve("run.json"));
    Recipe other = SCHEMA.load(List.of(Setting.ofOption("--seed", "run.seed", "7")));
    assertThatThrownBy(() -> RunDirectory.open(dir, other, SCHEMA))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("run.seed: 7, 0")
        .hasMessageContaining("--out");
    assertThat(Files.readString(dir.resolve("run.json"))).isEqualTo(before);
    open(dir).close(); // the refusal let go of the lock
  }

  @Test
  void open_directoryOfSomethingElse_isRefusedUntouched() throws IOException {
    Files.writeString(dir.resolve("thesis.tex"), "x");
    assertThatThrownBy(() -> open(dir))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("thesis.tex");
    try (Stream<Path> entries = Files.list(dir)) {
      assertThat(entries).hasSize(1);
    }
  }

  @Test
  void open_fileInTheWay_isRefused() throws IOException {
    Path file = Files.writeString(dir.resolve("out"), "x");
    assertThatThrownBy(() -> open(file))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("found a file");
  }

  @Test
  void open_afterACrashBeforeRunJson_startsAnew() throws IOException {
    Files.writeString(dir.resolve(".lock"), "1");
    Files.writeString(dir.resolve("recipe.yaml.partial"), "run");
    try (RunDirectory run = open(dir)) {
      assertThat(run.resumed()).isFalse();
    }
  }

  @Test
  void open_twiceInOneProcess_isRefused() throws IOException {
    try (RunDirectory first = open(dir)) {
      assertThat(first.resumed()).isFalse();
      assertThatThrownBy(() -> open(dir))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining("process " + ProcessHandle.current().pid());
    }
    open(dir).close();
  }

  @Test
  void open_heldByAnotherProcess_namesItAndIsFreeOnceItWasKilled() throws Exception {
    Process holder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Holder.class.getName(),
                dir.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader said = holder.inputReader()) {
      assertThat(said.readLine()).isEqualTo("holding " + dir);
      assertThatThrownBy(() -> open(dir))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining("process " + holder.pid() + " is writing it");
    } finally {
      holder.destroyForcibly().waitFor();
    }
    try (RunDirectory run = open(dir)) {
      assertThat(run.resumed()).isTrue();
    }
  }

  @Test
  void existing_noRun_isRefused() {
    assertThatThrownBy(() -> RunDirectory.existing(dir))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("no run.json");
  }

  @Test
  void readJson_notAnObject_isRefused() throws IOException {
    try (RunDirectory run = open(dir)) {
      Files.writeString(run.layout().runJson(), "{");
      assertThatThrownBy(run::readJson)
          .isInstanceOf(UsageException.class)
          .hasMessageContaining("run.json");
    }
  }

  @Test
  void layout_steps_areSixDigits() {
    RunLayout layout = new RunLayout(Path.of("r"));
    assertThat(layout.rollouts(1)).isEqualTo(Path.of("r/rollouts/step=000001"));
    assertThat(layout.updates(12)).isEqualTo(Path.of("r/updates/step=000012"));
    assertThat(layout.state(123456)).isEqualTo(Path.of("r/state/step-123456"));
    assertThat(layout.sftAdapter()).isEqualTo(Path.of("r/sft/adapter"));
  }
}
