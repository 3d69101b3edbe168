package dev.cantilever.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cantilever.host.ModelHost;
import dev.cantilever.prepare.PreparedData;
import dev.cantilever.row.Split;
import dev.cantilever.run.RunLayout;
import dev.cantilever.sample.EmbeddedSample;
import dev.cantilever.sample.EmbeddedSamples;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SftCommandTest {

  private static final List<String> SETTINGS =
      List.of(
          "prepare.block_size=24",
          "prepare.test_fraction=0.25",
          "prepare.cleaning.min_chars=0",
          "lora.r=2",
          "sft.batch_rows=4",
          "sft.learning_rate=1e-2");

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  @TempDir private Path dir;
  private Path model;
  private RunLayout layout;

  @BeforeEach
  void extract() throws IOException {
    model = EmbeddedSamples.extract(EmbeddedSample.LANGUAGE_MODEL, dir);
    layout = new RunLayout(dir.resolve("run"));
  }

  @AfterEach
  void unload() {
    ModelHost.unload();
  }

  private ExitCode run(String command, String... more) {
    List<String> arguments = new ArrayList<>(List.of(command, "--json"));
    arguments.addAll(List.of("--model", model.toString(), "--out", layout.root().toString()));
    SETTINGS.forEach(setting -> arguments.addAll(List.of("--set", setting)));
    arguments.addAll(List.of("--set", "prepare.input=" + dir.resolve("texts.jsonl")));
    arguments.addAll(List.of(more));
    out.reset();
    return new Cantilever(
            Commands.table(),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
            false)
        .run(arguments);
  }

  private JsonNode lastLine() throws IOException {
    return new ObjectMapper()
        .readTree(out.toString(StandardCharsets.UTF_8).lines().reduce("", (a, b) -> b));
  }

  private void prepare(String... more) throws IOException {
    String text = "%s, said the old man in row %d, and the film went on until the lamp was out.";
    List<String> lines = new ArrayList<>();
    for (int row = 0; row < 24; row++) {
      String line = String.format(text, row % 2 == 0 ? "A fine thing" : "What a bore", row);
      lines.add("{\"text\": \"" + line + "\"}");
    }
    Files.write(dir.resolve("texts.jsonl"), lines);
    assertThat(run("prepare", more)).isEqualTo(ExitCode.DONE);
  }

  @Test
  void sft_withoutData_saysToPrepareFirstAndMakesNoRun() throws IOException {
    assertThat(run("sft")).isEqualTo(ExitCode.USAGE);

    assertThat(lastLine().get("error").asText())
        .contains(layout.data() + ", found nothing")
        .contains("./cantilever prepare --out " + layout.root());
    assertThat(layout.root()).doesNotExist();
  }

  @Test
  void sft_withData_trainsOnceAndSaysTheSameAgain() throws IOException {
    prepare();

    assertThat(run("sft")).isEqualTo(ExitCode.DONE);
    JsonNode first = lastLine();
    Files.delete(
        layout.sftAdapter().resolve("adapter_config.json")); // a training would put it back
    assertThat(run("sft")).isEqualTo(ExitCode.DONE);

    int rows = PreparedData.open(layout.data()).rows(Split.TRAIN).size();
    assertThat(layout.sftAdapter().resolve("adapter_config.json")).doesNotExist();
    assertThat(lastLine()).isEqualTo(first);
    assertThat(first.fieldNames())
        .toIterable()
        .containsExactly("loss_before", "loss_after", "steps", "tokens", "adapter", "run");
    assertThat(first.get("loss_after").doubleValue())
        .isLessThan(first.get("loss_before").doubleValue());
    assertThat(first.get("tokens").longValue()).isPositive().isEqualTo(24L * rows);
    assertThat(first.get("adapter").asText()).isEqualTo(layout.sftAdapter().toString());
  }

  @Test
  void sft_diverging_exitsWithOneAndOneMessage() throws IOException {
    prepare("--set", "sft.learning_rate=1e30");

    assertThat(run("sft", "--set", "sft.learning_rate=1e30")).isEqualTo(ExitCode.CHECK_FAILED);

    assertThat(lastLine().get("error").asText()).startsWith("Fine-tuning at step 2 of ");
    assertThat(layout.sftAdapter()).doesNotExist();
  }
}
