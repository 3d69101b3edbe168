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
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConvertCommandTest {
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
  void run_checkpoint_isWrittenInShardsAndCounted() throws IOException {
    Path to = dir.resolve("converted");

    assertThat(
            run(
                "convert",
                "--json",
                "--model",
                Fixtures.path("gpt_neox").toString(),
                "--shard-size",
                "40KiB",
                "--out",
                to.toString()))
        .isEqualTo(ExitCode.DONE);

    JsonNode json = lastLine();
    assertThat(json.fieldNames())
        .toIterable()
        .containsExactly("tensors", "bytes", "files", "tied", "out");
    assertThat(json.get("tensors").asInt()).isEqualTo(28);
    assertThat(json.get("files").asInt()).isGreaterThan(1);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("convert: 1/1 MB (100 %)");
    try (ModelDirectory converted = ModelDirectory.open(to)) {
      assertThat(converted.names()).hasSize(28);
      assertThat(converted.bytes()).isEqualTo(json.get("bytes").asLong());
    }
  }

  @Test
  void run_adapter_isWrittenAsOneFile() throws IOException {
    Path from = Fixtures.path("gpt_neox/adapter");
    Path to = dir.resolve("converted");

    assertThat(run("convert", "--json", "--adapter", from.toString(), "--out", to.toString()))
        .isEqualTo(ExitCode.DONE);

    assertThat(lastLine().get("files").asInt()).isEqualTo(1);
    assertThat(to.resolve("adapter_model.safetensors"))
        .hasSameBinaryContentAs(from.resolve("adapter_model.safetensors"));
  }

  @ParameterizedTest
  @CsvSource({
    "'', found none",
    "--model m --adapter a, found both",
    "--adapter a --shard-size 1GiB, --shard-size with --model alone"
  })
  void run_notOneDirectory_isRefused(String options, String message) {
    List<String> args = new ArrayList<>(List.of("convert", "--out", dir.resolve("to").toString()));
    if (!options.isEmpty()) {
      args.addAll(List.of(options.split(" ")));
    }

    assertThat(run(args.toArray(String[]::new))).isEqualTo(ExitCode.USAGE);

    assertThat(err.toString(StandardCharsets.UTF_8)).contains(message);
  }

  @Test
  void run_pickleThatCallsAFunction_isOneMessageExitTwoAndNothingWritten() throws IOException {
    Path model = Files.createDirectory(dir.resolve("model"));
    Files.writeString(model.resolve("config.json"), "{}");
    Files.copy(
        Path.of("..", "gpu-ops", "src", "test", "resources", "torch", "calls_a_function.bin"),
        model.resolve("pytorch_model.bin"));
    Path to = dir.resolve("converted");

    assertThat(run("convert", "--model", model.toString(), "--out", to.toString()))
        .isEqualTo(ExitCode.USAGE);

    assertThat(err.toString(StandardCharsets.UTF_8).strip().lines()).hasSize(1);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("'posix.system'");
    assertThat(to).doesNotExist();
  }
}
