package dev.cantilever.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.parity.Fixtures;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MergeCommandTest {
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

  private ExitCode merge(Path adapter, Path to, String... more) {
    return run(
        Stream.concat(
                Stream.of(
                    "merge",
                    "--json",
                    "--model",
                    Fixtures.path("gpt_neox").toString(),
                    "--adapter",
                    adapter.toString(),
                    "--out",
                    to.toString()),
                Stream.of(more))
            .toArray(String[]::new));
  }

  private JsonNode lastLine() throws IOException {
    return new ObjectMapper()
        .readTree(out.toString(StandardCharsets.UTF_8).lines().reduce("", (a, b) -> b));
  }

  @Test
  void run_adapterOfTheBase_writesACheckpointAndCounts() throws IOException {
    Path to = dir.resolve("merged");

    assertThat(merge(Fixtures.path("gpt_neox/adapter"), to, "--", "--targetParallelism=2"))
        .isEqualTo(ExitCode.DONE);

    JsonNode json = lastLine();
    assertThat(json.fieldNames())
        .toIterable()
        .containsExactly("tensors_merged", "tensors_copied", "drift", "int8_drift", "out");
    assertThat(json.get("tensors_merged").asInt()).isEqualTo(2);
    assertThat(json.get("tensors_copied").asInt()).isEqualTo(26);
    assertThat(json.get("drift").asDouble()).isBetween(1e-9, 1e-7);
    assertThat(json.get("out").asText()).isEqualTo(to.toString());
    try (ModelDirectory merged = ModelDirectory.open(to)) {
      assertThat(merged.names()).hasSize(28);
    }
  }

  @Test
  void run_nanInTheAdapter_isOneMessageExitTwoAndNothingWritten() throws IOException {
    Path copy = Files.createDirectory(dir.resolve("copy"));
    Fixtures.copy("gpt_neox", copy);
    Fixtures.addToLastFloat(copy.resolve("adapter/adapter_model.safetensors"), Float.NaN);

    assertThat(merge(copy.resolve("adapter"), dir.resolve("merged"))).isEqualTo(ExitCode.USAGE);
    assertThat(lastLine().get("error").asText())
        .contains("model.safetensors")
        .contains("query_key_value.lora_B.weight")
        .contains("NaN");
    assertThat(dir.resolve("merged")).doesNotExist();
    try (Stream<Path> left = Files.list(dir)) {
      assertThat(left).containsExactly(copy);
    }
  }

  @Test
  void run_destinationWithFiles_isExitTwo() throws IOException {
    Files.writeString(dir.resolve("mine.txt"), "keep");

    assertThat(merge(Fixtures.path("gpt_neox/adapter"), dir)).isEqualTo(ExitCode.USAGE);
    assertThat(lastLine().get("error").asText()).contains("expected nothing there yet");
  }

  @Test
  void run_pathMissing_namesTheOption() throws IOException {
    String model = Fixtures.path("gpt_neox").toString();

    assertThat(run("merge", "--model", model, "--adapter", model + "/adapter", "--json"))
        .isEqualTo(ExitCode.USAGE);
    assertThat(lastLine().get("error").asText()).contains("--out DIR");
    assertThat(run("merge", "--model", model, "--out", "x", "--json")).isEqualTo(ExitCode.USAGE);
    assertThat(lastLine().get("error").asText()).contains("--adapter DIR");
    assertThat(run("merge", "--adapter", model, "--out", "x", "--json")).isEqualTo(ExitCode.USAGE);
    assertThat(lastLine().get("error").asText()).contains("--model DIR");
  }
}
