package dev.cantilever.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cantilever.codec.ParquetRecordReader;
import dev.cantilever.codec.Schemas;
import dev.cantilever.host.ModelHost;
import dev.cantilever.row.DeadLetter;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is said of broken, hostile and mistaken input, and what is left behind. */
class BadInputTest {

  /** All that a run may hold that went no further than its data: they are whole, or absent. */
  private static final String PREPARED_RUN =
      "fresh/(recipe.yaml|run.json|data/(manifest.json|[a-z-]+(-00000)?.parquet))";

  @TempDir private static Path root;
  private static Workbench bench;

  @BeforeAll
  static void set() throws IOException {
    bench = new Workbench(root);
  }

  @BeforeEach
  void reset() throws IOException {
    bench.reset();
  }

  @AfterAll
  static void unload() {
    ModelHost.unload();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("dev.cantilever.cli.BadInputs#all")
  void run_badInput_isOneMessageAndTheSameCommandWorksOnceMended(BadInput input)
      throws IOException {
    input.breakage().in(bench);
    Map<String, Long> before = bench.files();

    Workbench.Outcome outcome = bench.run(input.wrongArguments(bench));

    // A fixture that cannot be run is a check that failed, and the others still run.
    boolean fixture = input.command().equals("parity") && !input.wrong().contains("--set");
    ExitCode expected = fixture ? ExitCode.CHECK_FAILED : ExitCode.USAGE;
    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(expected);
    assertThat(outcome.err())
        .hasLineCount(1)
        .startsWith("cantilever " + input.command() + ": ")
        .contains(input.words())
        .doesNotContain("Exception", "REDACTED");
    Map<String, Long> left = new TreeMap<>(bench.files());
    assertThat(left).containsAllEntriesOf(before);
    left.keySet().removeAll(before.keySet());
    assertThat(left.keySet()).allMatch(file -> file.matches(PREPARED_RUN));
    if (input.rerun() || Files.exists(bench.path("fresh"))) {
      bench.mend();
      Workbench.Outcome mended = bench.run(input.rightArguments(bench));
      assertThat(mended.exitCode()).as(mended.err()).isEqualTo(ExitCode.DONE);
    }
  }

  @ParameterizedTest
  @MethodSource("commandsOverTheRun")
  void run_runHeldByAnother_saysWhoWritesItAndWorksAfterwards(String command) throws IOException {
    List<String> arguments = bench.arguments(command, "run");
    Map<String, Long> before = bench.files();
    try (FileChannel channel =
            FileChannel.open(
                bench.path("run/.lock"), StandardOpenOption.READ, StandardOpenOption.WRITE);
        var lock = channel.lock()) {
      assertThat(lock.isValid()).isTrue();
      Files.write(bench.path("run/.lock"), "4711".getBytes(StandardCharsets.US_ASCII));

      Workbench.Outcome outcome = bench.run(arguments);

      assertThat(outcome.exitCode()).isEqualTo(ExitCode.USAGE);
      assertThat(outcome.err()).hasLineCount(1).contains("process 4711", "give another --out");
      assertThat(bench.files()).isEqualTo(before);
    }
    assertThat(bench.run(arguments).exitCode()).isEqualTo(ExitCode.DONE);
  }

  static List<String> commandsOverTheRun() {
    return List.of("prepare", "sft");
  }

  @Test
  void prepare_someBadRows_areDeadLettersAndCounted() throws IOException {
    List<String> rows = new ArrayList<>(Workbench.rows(Workbench.ROWS));
    rows.addAll(BadInputs.withoutText(2));
    rows.add("{\"text\": \"half a row");
    rows.add("{\"text\": 5}");
    Files.write(bench.path("texts.jsonl"), rows);
    List<String> arguments = new ArrayList<>(bench.arguments("prepare", "fresh"));
    arguments.addAll(List.of("--json", "--set", "prepare.max_bad_share=0.1"));

    Workbench.Outcome outcome = bench.run(arguments);

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.DONE);
    assertThat(new ObjectMapper().readTree(outcome.out()).get("rows_dead").asInt()).isEqualTo(4);
    List<DeadLetter> dead =
        ParquetRecordReader.readAll(
            Schemas.DEAD_LETTER, bench.path("fresh/data/dead-letters.parquet"));
    assertThat(dead).extracting(DeadLetter::line).containsExactly(41L, 42L, 43L, 44L);
    assertThat(dead)
        .extracting(DeadLetter::content)
        .containsExactlyElementsOf(rows.subList(40, 44));
    assertThat(dead.get(0).reason()).contains("missing_text", "'text'");
    assertThat(dead.get(2).reason()).startsWith("malformed").doesNotContain("REDACTED");
    assertThat(dead.get(3).reason()).contains("wrong_type", "a number");
  }
}
