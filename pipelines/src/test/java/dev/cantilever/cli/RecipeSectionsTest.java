package dev.cantilever.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.cantilever.ppo.AdvantageSpec;
import dev.cantilever.ppo.BatchSpec;
import dev.cantilever.ppo.EarlyStopSpec;
import dev.cantilever.ppo.KlPenalty;
import dev.cantilever.ppo.KlSpec;
import dev.cantilever.ppo.LossSpec;
import dev.cantilever.ppo.PpoException;
import dev.cantilever.ppo.PpoSpec;
import dev.cantilever.ppo.ScoreSpec;
import dev.cantilever.ppo.StepSizeSpec;
import dev.cantilever.recipe.Recipe;
import dev.cantilever.recipe.Setting;
import dev.cantilever.train.RecipeSections;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecipeSectionsTest {
  @TempDir private Path dir;

  private static Recipe set(String... settings) {
    return RecipeSections.all().load(Arrays.stream(settings).map(Setting::parse).toList());
  }

  private static PpoSpec ppo(Recipe recipe) {
    return recipe.section("ppo", PpoSpec.class);
  }

  private Recipe readBack(Recipe recipe) throws IOException {
    Path file = Files.writeString(dir.resolve("recipe.yaml"), recipe.toYaml());
    return RecipeSections.all().load(file, List.of());
  }

  @Test
  void all_defaults_readBackEqualWithTheSameDigest() throws IOException {
    Recipe defaults = RecipeSections.all().defaults();

    Recipe read = readBack(defaults);

    assertThat(read.digest()).isEqualTo(defaults.digest());
    assertThat(ppo(read)).isEqualTo(PpoSpec.defaults());
  }

  @Test
  void ppo_defaults_areWrittenUnderTheseKeys() {
    Map<String, String> values = RecipeSections.all().defaults().values();
    values.keySet().removeIf(key -> !key.startsWith("ppo."));

    assertThat(values)
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("ppo.batch.rows", "128"),
                Map.entry("ppo.batch.mini_batch_size", "128"),
                Map.entry("ppo.batch.epochs", "4"),
                Map.entry("ppo.kl.penalty", "kl"),
                Map.entry("ppo.kl.controller", "adaptive"),
                Map.entry("ppo.kl.init_coef", "0.2"),
                Map.entry("ppo.kl.target", "6.0"),
                Map.entry("ppo.kl.horizon", "10000.0"),
                Map.entry("ppo.score.scaling", "none"),
                Map.entry("ppo.score.clip", "null"),
                Map.entry("ppo.advantage.gamma", "1.0"),
                Map.entry("ppo.advantage.lam", "0.95"),
                Map.entry("ppo.advantage.whiten_rewards", "false"),
                Map.entry("ppo.loss.cliprange", "0.2"),
                Map.entry("ppo.loss.cliprange_value", "0.2"),
                Map.entry("ppo.loss.vf_coef", "0.1"),
                Map.entry("ppo.loss.ratio_threshold", "10.0"),
                Map.entry("ppo.step_size.learning_rate", "1.41E-5"),
                Map.entry("ppo.step_size.value_head_learning_rate", "1.41E-5"),
                Map.entry("ppo.step_size.max_grad_norm", "1.0"),
                Map.entry("ppo.early_stop.early_stopping", "false"),
                Map.entry("ppo.early_stop.target_kl", "1.0")));
  }

  @Test
  void ppo_everyKeySet_arrivesAndReadsBackEqual() throws IOException {
    Recipe recipe =
        set(
            "ppo.batch.rows=32",
            "ppo.batch.mini_batch_size=8",
            "ppo.batch.epochs=2",
            "ppo.kl.penalty=full",
            "ppo.kl.controller=fixed",
            "ppo.kl.init_coef=0",
            "ppo.kl.target=3",
            "ppo.kl.horizon=50",
            "ppo.score.scaling=scale-and-norm",
            "ppo.score.clip=4.5",
            "ppo.advantage.gamma=0.99",
            "ppo.advantage.lam=0.9",
            "ppo.advantage.whiten_rewards=true",
            "ppo.loss.cliprange=0.1",
            "ppo.loss.cliprange_value=0.3",
            "ppo.loss.vf_coef=0",
            "ppo.loss.ratio_threshold=5",
            "ppo.step_size.learning_rate=1e-4",
            "ppo.step_size.value_head_learning_rate=1e-3",
            "ppo.step_size.max_grad_norm=null",
            "ppo.early_stop.early_stopping=true",
            "ppo.early_stop.target_kl=0.5");

    PpoSpec expected =
        new PpoSpec(
            new BatchSpec(32, 8, 2),
            new KlSpec(KlPenalty.FULL, KlSpec.Controller.FIXED, 0, 3, 50),
            new ScoreSpec(ScoreSpec.Scaling.SCALE_AND_NORM, Optional.of(4.5)),
            new AdvantageSpec(0.99, 0.9, true),
            new LossSpec(0.1, 0.3, 0, 5),
            new StepSizeSpec(1e-4, 1e-3, Optional.empty()),
            new EarlyStopSpec(true, 0.5));
    assertThat(ppo(recipe)).isEqualTo(expected);
    assertThat(ppo(readBack(recipe))).isEqualTo(expected);
    assertThat(readBack(recipe).digest()).isEqualTo(recipe.digest());
  }

  @Test
  void ppo_rowsNotDivisible_isExitTwoNamingBothKeysAndWhoGaveThem() {
    Throwable thrown = catchThrowable(() -> set("ppo.batch.rows=100", "ppo.batch.epochs=1"));

    Failure failure = Failure.of(thrown);
    assertThat(failure.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(failure.message())
        .contains("section ppo: batch:")
        .contains("rows=100")
        .contains("mini_batch_size=128")
        .contains("ppo.batch.rows by --set");
  }

  @Test
  void ppo_horizonTooShortForTheRows_isExitTwoNamingBothKeys() {
    Failure failure = Failure.of(catchThrowable(() -> set("ppo.kl.horizon=20")));

    assertThat(failure.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(failure.message()).contains("kl.horizon").contains("batch.rows");
  }

  @Test
  void ppo_unknownPenalty_listsTheLegalOnes() {
    assertThatThrownBy(() -> set("ppo.kl.penalty=k3"))
        .hasMessageContaining("ppo.kl.penalty")
        .hasMessageContaining("kl, abs, mse, full");
  }

  @Test
  void ppo_failureDuringARun_isAFailedCheck() {
    assertThat(Failure.of(new PpoException("NaN in scores")))
        .isEqualTo(new Failure(ExitCode.CHECK_FAILED, "NaN in scores"));
  }
}
