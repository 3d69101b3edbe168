package dev.cantilever.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrepareCommandTest {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  @TempDir private Path dir;

  private ExitCode prepare(String... settings) {
    out.reset();
    err.reset();
    List<String> args =
        Stream.concat(
                Stream.of("prepare", "--json", "--seed", "3", "--out", run().toString()),
                Stream.of(settings).flatMap(setting -> Stream.of("--set", "prepare." + setting)))
            .collect(Collectors.toList());
    args.addAll(List.of("--", "--targetParallelism=2"));
    return new Cantilever(
            Commands.table(),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false)
        .run(args);
  }

  private Path run() {
    return dir.resolve("runs/first");
  }

  private String input() throws IOException {
    List<String> rows =
        IntStream.range(0, 20)
            .mapToObj(i -> "{\"text\": \"" + ("Film " + i + " is good. ").repeat(20) + "\"}")
            .toList();
    return "input=" + Files.write(dir.resolve("films.jsonl"), rows);
  }

  private JsonNode json() throws IOException {
    return new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8));
  }

  @Test
  void run_textFile_makesARunAndSaysWhatBecameOfTheRows() throws IOException {
    assertThat(prepare(input(), "block_size=32")).isEqualTo(ExitCode.DONE);
    JsonNode first = json();
    assertThat(first.get("rows_in").asLong()).isEqualTo(20);
    assertThat(first.get("rows_out").asLong()).isEqualTo(20);
    assertThat(first.get("rows_dead").asLong()).isZero();
    assertThat(first.get("rows_dropped").asLong()).isZero();
    assertThat(first.get("tokens").asLong()).isPositive();
    assertThat(first.get("run").asText()).isEqualTo(run().toString());
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("rows in", "documents", "tokens");
    assertThat(run().resolve("run.json")).exists();
    // The name follows from the recipe, not from the directory.
    assertThat(run().resolve("data/manifest.json"))
        .content()
        .containsPattern("\"run\" : \"[0-9a-f]{12}\"");

    assertThat(prepare(input(), "block_size=32")).isEqualTo(ExitCode.DONE);
    assertThat(json()).isEqualTo(first);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("was prepared before");
  }

  @Test
  void run_missingInput_isOneMessageAndNoRun() {
    assertThat(prepare("input=" + dir.resolve("none.jsonl"))).isEqualTo(ExitCode.USAGE);
    assertThat(err.toString(StandardCharsets.UTF_8)).hasLineCount(1).contains("nothing there");
    assertThat(run()).doesNotExist();
  }

  @Test
  void run_unusableRows_isOneMessageAndTheSameOutTakesOtherSettings() throws IOException {
    Path other =
        Files.write(
            dir.resolve("other.jsonl"), Collections.nCopies(3, "{\"body\": \"no such column\"}"));
    assertThat(prepare("input=" + other)).isEqualTo(ExitCode.USAGE);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .hasLineCount(1)
        .contains("only the fields [body]");
    assertThat(run().resolve("run.json")).doesNotExist();
    assertThat(prepare(input(), "block_size=32")).isEqualTo(ExitCode.DONE);
  }
}
