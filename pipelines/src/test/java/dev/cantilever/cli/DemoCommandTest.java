package dev.cantilever.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cantilever.host.ModelHost;
import dev.cantilever.manifest.CommitDirectory;
import dev.cantilever.run.RunFiles;
import dev.cantilever.run.RunLayout;
import dev.cantilever.train.PpoPipeline;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole recipe through the command line, with so little of everything that it takes seconds.
 */
class DemoCommandTest {

  private static final List<String> SETTINGS =
      List.of(
          "prepare.block_size=24",
          "prepare.max_sft_tokens=240",
          "prepare.test_fraction=0.25",
          "prepare.cleaning.min_chars=0",
          "sft.batch_rows=4",
          "sft.evaluation_rows=4",
          "lora.r=2",
          "rollout.response_min_tokens=4",
          "rollout.response_max_tokens=6",
          "rollout.batch_rows=3",
          "ppo.batch.rows=6",
          "ppo.batch.mini_batch_size=3",
          "evaluation.prompts=4",
          "evaluation.shown=2",
          "loop.steps=2");

  @TempDir static Path folder;
  private static String texts = "";
  private static String said = "";
  private static JsonNode json = new ObjectMapper().createObjectNode();
  private static RunLayout run = new RunLayout(Path.of(""));

  @BeforeAll
  static void runOnce() throws IOException {
    List<String> rows =
        IntStream.range(0, 40)
            .mapToObj(i -> "{\"text\": \"Film " + i + " tells of a man who had " + i + " dogs.\"}")
            .toList();
    texts = Files.write(folder.resolve("texts.jsonl"), rows).toString();
    run = new RunLayout(folder.resolve("first"));
    json = demo(run.root());
  }

  @AfterAll
  static void unload() {
    ModelHost.unload();
  }

  private static JsonNode demo(Path out) throws IOException {
    List<String> arguments =
        new ArrayList<>(List.of("demo", "--json", "--seed", "5", "--out", out.toString()));
    SETTINGS.forEach(setting -> arguments.addAll(List.of("--set", setting)));
    arguments.addAll(List.of("--set", "prepare.input=" + texts));
    ByteArrayOutputStream results = new ByteArrayOutputStream();
    ByteArrayOutputStream asides = new ByteArrayOutputStream();
    ExitCode code =
        new Cantilever(
                Commands.table(),
                new PrintStream(results, true, StandardCharsets.UTF_8),
                new PrintStream(asides, true, StandardCharsets.UTF_8),
                false)
            .run(arguments);
    said = asides.toString(StandardCharsets.UTF_8);
    assertThat(code).as(said).isEqualTo(ExitCode.DONE);
    return new ObjectMapper().readTree(results.toString(StandardCharsets.UTF_8));
  }

  @Test
  void json_holdsWhatWasPromised() {
    List<String> keys = new ArrayList<>();
    json.fieldNames().forEachRemaining(keys::add);
    assertThat(keys)
        .containsExactlyInAnyOrder(
            "positive_before",
            "positive_after",
            "distinct2_before",
            "distinct2_after",
            "kl_last",
            "sft_loss_before",
            "sft_loss_after",
            "steps",
            "rollouts",
            "peak_bytes",
            "arena_bytes",
            "reserved_bytes",
            "plan",
            "driver",
            "wall_s",
            "run");
    assertThat(json.get("positive_before").asDouble()).isBetween(0.0, 1.0);
    assertThat(json.get("sft_loss_after").asDouble())
        .isLessThan(json.get("sft_loss_before").asDouble());
    assertThat(json.get("steps").asInt()).isEqualTo(2);
    assertThat(json.get("rollouts").asInt()).isEqualTo(12);
    assertThat(json.get("run").asText()).isEqualTo(run.root().toString());
  }

  @Test
  void memory_ofRowsOfManyLengths_isThePlansToTheByte() {
    assertThat(json.at("/plan/fits").asBoolean()).isTrue();
    assertThat(json.at("/peak_bytes")).isEqualTo(json.at("/plan/bytes"));
    assertThat(json.at("/arena_bytes")).isEqualTo(json.at("/plan/arena_bytes"));
    assertThat(json.at("/reserved_bytes")).isEqualTo(json.at("/plan/process_bytes"));
    assertThat(json.at("/driver").isNull()).isTrue();
    assertThat(said).contains("memory, MiB").contains("planned").contains("arenas together");
  }

  @Test
  void run_leavesWhatTheDocumentationShows() throws IOException {
    assertThat(run.recipe()).exists();
    assertThat(CommitDirectory.at(run.data()).isCommitted()).isTrue();
    assertThat(run.sftAdapter().resolve("adapter_model.safetensors")).exists();
    assertThat(run.sftAdapter().resolve("adapter_config.json"))
        .content()
        .contains("\"base_model_name_or_path\": \"neox-imdb-10m\"");
    assertThat(run.merged().resolve("config.json")).exists();
    assertThat(CommitDirectory.at(run.rollouts(2)).isCommitted()).isTrue();
    assertThat(CommitDirectory.at(run.updates(2)).isCommitted()).isTrue();
    assertThat(run.steps()).exists();
    assertThat(run.metrics()).exists();
    assertThat(run.state(2)).exists();
    assertThat(run.adapter().resolve("adapter_config.json")).exists();
  }

  @Test
  void secondRun_elsewhere_leavesTheSameBytes() throws IOException {
    Path other = folder.resolve("second");
    demo(other);
    assertThat(said).contains("before").contains("after").contains("4 ppo");
    assertThat(RunFiles.digests(other)).isEqualTo(RunFiles.digests(run.root()));
  }

  @Test
  void sameLineAgain_saysTheSameAndChangesNothing() throws IOException {
    Map<String, String> before = RunFiles.digests(run.root());
    ObjectNode again = ((ObjectNode) demo(run.root())).without("wall_s");
    assertThat(again).isEqualTo(((ObjectNode) json.deepCopy()).without("wall_s"));
    assertThat(RunFiles.digests(run.root())).isEqualTo(before);
  }

  @Test
  void ppoPipeline_overARunThatIsDone_changesNothing() throws IOException {
    Map<String, String> before = RunFiles.digests(run.root());
    PpoPipeline.main(new String[] {"--run=" + run.root(), "--targetParallelism=1"});
    assertThat(RunFiles.digests(run.root())).isEqualTo(before);
  }
}
