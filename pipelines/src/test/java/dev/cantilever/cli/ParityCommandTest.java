package dev.cantilever.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cantilever.parity.Fixtures;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParityCommandTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  @TempDir private Path dir;

  private ExitCode run(String... args) {
    return new Cantilever(
            Commands.table(),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false)
        .run(List.of(args));
  }

  private JsonNode lastLine() throws IOException {
    return new ObjectMapper()
        .readTree(out.toString(StandardCharsets.UTF_8).lines().reduce("", (a, b) -> b));
  }

  @Test
  void run_modelsAndPpo_areReportedUnderTheirNames() throws IOException {
    ExitCode code =
        run(
            "parity",
            Fixtures.path("gpt_neox").toString(),
            Fixtures.path("distilbert_cls").toString(),
            "--ppo",
            Fixtures.path("ppo").toString(),
            "--json");

    assertThat(code).isEqualTo(ExitCode.DONE);
    JsonNode json = lastLine();
    assertThat(json.fieldNames()).toIterable().containsExactly("gpt_neox", "distilbert_cls", "ppo");
    assertThat(json.at("/gpt_neox/grad_rel_max").asDouble()).isBetween(0.0, 1e-3);
    assertThat(json.at("/gpt_neox/greedy_equal").asBoolean()).isTrue();
    assertThat(json.at("/distilbert_cls/greedy_equal").isNull()).isTrue();
    assertThat(json.at("/distilbert_cls/pass").asBoolean()).isTrue();
    assertThat(json.at("/ppo/float64_max_abs").asDouble()).isBetween(0.0, 1e-9);
    assertThat(json.at("/ppo/pass").asBoolean()).isTrue();
  }

  @Test
  void run_oneFixtureCannotRun_theOthersDoAndTheCheckHasFailed() throws IOException {
    Path unknown = Files.createDirectory(dir.resolve("unknown"));
    Fixtures.copy("gpt_neox", unknown);
    Path config = unknown.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace("\"gpt_neox\"", "\"novel\""));

    ExitCode code =
        run(
            "parity",
            unknown.toString(),
            dir.resolve("absent").toString(),
            Fixtures.path("gpt_neox_reward").toString(),
            "--json");

    assertThat(code).isEqualTo(ExitCode.CHECK_FAILED);
    JsonNode json = lastLine();
    assertThat(json.at("/unknown/error").asText()).contains("model_type").contains("novel");
    assertThat(json.at("/unknown/pass").asBoolean(true)).isFalse();
    assertThat(json.at("/unknown/logits_max_abs").isNull()).isTrue();
    assertThat(json.at("/absent/error").asText()).contains("absent");
    assertThat(json.at("/gpt_neox_reward/pass").asBoolean()).isTrue();
    assertThat(json.at("/gpt_neox_reward").has("error")).isFalse();
  }

  @Test
  void run_int8_reportsCountsAndErrorsOfEachCase() throws IOException {
    ExitCode code = run("parity", "--int8", Fixtures.path("llm_int8").toString(), "--json");

    assertThat(code).isEqualTo(ExitCode.DONE);
    JsonNode json = lastLine().get("llm_int8");
    for (String name : List.of("case0", "case1")) {
      assertThat(json.get(name + "_out_rel").asDouble()).isBetween(0.0, 2e-3);
      assertThat(json.get(name + "_w_absmax_differing").asInt(-1)).isZero();
      assertThat(json.get(name + "_w_int8_differing").asInt(-1)).isZero();
    }
    assertThat(json.get("pass").asBoolean()).isTrue();
  }

  @Test
  void run_budgetTooSmall_exitsWithThree() throws IOException {
    ExitCode code =
        run("parity", Fixtures.path("gpt_neox").toString(), "--budget", "33MiB", "--json");

    assertThat(code).isEqualTo(ExitCode.OVER_BUDGET);
    assertThat(lastLine().at("/gpt_neox/error").asText()).contains("budget");
  }

  @Test
  void run_twoFoldersOfOneName_isBadUsageBeforeAnythingRuns() throws IOException {
    Path other = Files.createDirectory(dir.resolve("gpt_neox"));

    assertThat(run("parity", Fixtures.path("gpt_neox").toString(), other.toString()))
        .isEqualTo(ExitCode.USAGE);
    assertThat(out.size()).isZero();
  }

  @Test
  void run_folderOfPpoAmongTheModels_isTheOptionsAlone() throws IOException {
    String ppo = Fixtures.path("ppo").toString();

    assertThat(run("parity", ppo, "--ppo", ppo + "/", "--json")).isEqualTo(ExitCode.DONE);
    assertThat(lastLine().fieldNames()).toIterable().containsExactly("ppo");
  }

  @Test
  void run_nothingNamed_isBadUsage() {
    assertThat(run("parity")).isEqualTo(ExitCode.USAGE);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("--ppo DIR");
  }
}
