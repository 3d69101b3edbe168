package dev.cantilever.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cantilever.console.Progress;
import dev.cantilever.recipe.RecipeSchema;
import dev.cantilever.run.RunSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Parameters;

class CantileverTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  @TempDir private Path dir;

  /** A complete command, as the real ones are written: arguments, settings, work, result. */
  private static final class GreetCommand {
    @Parameters(paramLabel = "NAME", description = "whom to greet")
    private List<String> names = List.of();

    static Command command() {
      GreetCommand command = new GreetCommand();
      return Command.builder("greet --seed 7 Ada Grace", command::run)
          .recipe(RecipeSchema.empty().section("run", RunSpec.defaults()), "run")
          .options(CommonOption.SEED, CommonOption.BUDGET, CommonOption.INT8_MODE)
          .arguments(command)
          .out("greetings")
          .build();
    }

    private CommandResult run(CommandContext context) {
      RunSpec spec = context.recipe().section("run", RunSpec.class);
      try (Progress progress = context.console().progress("greet", "names", names.size())) {
        for (String name : names) {
          context.console().line("hello %s", name);
          progress.advance(1);
        }
      }
      JsonResult json =
          new JsonResult()
              .put("seed", spec.seed())
              .put("names", names)
              .put("out", context.out().toString())
              .put("beam", context.runner().typed());
      return names.isEmpty() ? CommandResult.checkFailed(json) : CommandResult.done(json);
    }
  }

  private ExitCode run(String... args) {
    CommandEntry beam =
        new CommandEntry(
            "beam",
            "asks Beam for its options",
            () ->
                Command.builder(
                        "beam -- --tempLocation=x",
                        context ->
                            CommandResult.done(
                                new JsonResult()
                                    .put("temp", context.runner().spreading().getTempLocation())))
                    .build());
    CommandEntry untouched =
        new CommandEntry(
            "untouched",
            "is loaded by nobody, at 100 %",
            () -> {
              throw new AssertionError("made although not named");
            });
    CommandEntry broken =
        new CommandEntry(
            "broken",
            "fails as a bug does",
            () ->
                Command.builder(
                        "broken",
                        context -> {
                          throw new IllegalStateException("the impossible");
                        })
                    .build());
    CommandEntry greet = new CommandEntry("greet", "says hello", () -> GreetCommand.command());
    return new Cantilever(
            List.of(greet, beam, broken, untouched),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false)
        .run(List.of(args));
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private JsonNode lastLine() throws IOException {
    return new ObjectMapper().readTree(out().lines().reduce("", (a, b) -> b));
  }

  @Test
  void run_jsonAsked_endsStdoutWithTheObjectAndTalksOnStderr() throws IOException {
    assertThat(
            run(
                "greet",
                "--json",
                "--seed",
                "7",
                "Ada",
                "Grace",
                "--",
                "--jobName=x",
                "--tempLocation=/t"))
        .isEqualTo(ExitCode.DONE);
    assertThat(out())
        .isEqualTo(
            "{\"seed\":7,\"names\":[\"Ada\",\"Grace\"],\"out\":\"greetings\","
                + "\"beam\":[\"--jobName=x\",\"--tempLocation=/t\"]}\n");
    assertThat(lastLine().get("seed").asInt()).isEqualTo(7);
    assertThat(err()).contains("hello Ada").contains("greet: 2/2 names");
  }

  @Test
  void run_withoutJson_printsResultsOnStdoutAndProgressOnStderr() {
    assertThat(run("greet", "Ada", "--out", dir.toString())).isEqualTo(ExitCode.DONE);
    assertThat(out()).isEqualTo("hello Ada\n");
    assertThat(err()).startsWith("greet: 1/1 names");
  }

  @Test
  void run_checkFailed_exitsWithOne() {
    assertThat(run("greet").number()).isEqualTo(1);
  }

  @Test
  void run_recipeSetAndOption_areLaidInThatOrder() throws IOException {
    Path recipe = Files.writeString(dir.resolve("r.yaml"), "run:\n  seed: 1\n");
    run("greet", "--json", "--recipe", recipe.toString(), "A");
    assertThat(lastLine().get("seed").asInt()).isEqualTo(1);
    run("greet", "--json", "--recipe", recipe.toString(), "--set", "run.seed=2", "A");
    assertThat(lastLine().get("seed").asInt()).isEqualTo(2);
    run("greet", "--json", "--seed", "3", "--set", "run.seed=2", "A");
    assertThat(lastLine().get("seed").asInt()).isEqualTo(3);
  }

  @Test
  void run_badOptionValue_isOneMessageAndExitTwo() throws IOException {
    assertThat(run("greet", "--int8-mode", "int4", "--json", "A").number()).isEqualTo(2);
    assertThat(err())
        .isEqualTo(
            "cantilever greet: --int8-mode: run.int8_mode: expected one of weight-only, llm-int8,"
                + " got 'int4'\n");
    assertThat(lastLine().get("exit_code").asInt()).isEqualTo(2);
    assertThat(lastLine().get("error").asText()).contains("int4");
  }

  @Test
  void run_optionThatTheCommandDoesNotTake_isExitTwo() {
    assertThat(run("greet", "--model", "x", "A")).isEqualTo(ExitCode.USAGE);
    assertThat(err()).contains("--model").contains("./cantilever greet --help");
  }

  @Test
  void run_unknownCommand_listsTheCommands() {
    assertThat(run("gret", "--json")).isEqualTo(ExitCode.USAGE);
    assertThat(err()).contains("one of greet, beam").contains("got gret");
  }

  @Test
  void run_noCommand_showsHelpOnStderr() {
    assertThat(run()).isEqualTo(ExitCode.USAGE);
    assertThat(err()).contains("Commands:").contains("greet");
    assertThat(out()).isEmpty();
  }

  @Test
  void run_help_listsCommandsWithoutLoadingThem() {
    assertThat(run("--help")).isEqualTo(ExitCode.DONE);
    assertThat(out()).contains("greet", "says hello", "untouched", "at 100 %", "130  interrupted");
  }

  @Test
  void run_commandHelp_hasExampleOptionsAndKeys() {
    assertThat(run("greet", "--help")).isEqualTo(ExitCode.DONE);
    assertThat(out())
        .contains("./cantilever greet --seed 7 Ada Grace")
        .contains("--budget", "--recipe", "--set", "--json", "--out", "else greetings")
        .contains("run.int8_mode=weight-only")
        .doesNotContain("--model");
  }

  @Test
  void run_version_saysProgramAndJava() {
    assertThat(run("--version")).isEqualTo(ExitCode.DONE);
    assertThat(out()).containsPattern("cantilever [0-9]+\\.[0-9]+").contains("Java 1");
  }

  @Test
  void run_beamOptions_areParsedOrRefused() throws IOException {
    assertThat(run("beam", "--json", "--", "--tempLocation=/t")).isEqualTo(ExitCode.DONE);
    assertThat(lastLine().get("temp").asText()).isEqualTo("/t");
    assertThat(run("beam", "--", "--noSuchOption=1")).isEqualTo(ExitCode.USAGE);
    assertThat(err()).contains("noSuchOption");
  }

  @Test
  void run_bug_isOneLineAndWithVerboseATrace() {
    assertThat(run("broken")).isEqualTo(ExitCode.CHECK_FAILED);
    assertThat(err().lines()).hasSize(1);
    assertThat(err()).contains("internal error").contains("the impossible").contains("--verbose");
    assertThat(run("broken", "--verbose")).isEqualTo(ExitCode.CHECK_FAILED);
    assertThat(err()).contains("\tat dev.cantilever");
  }
}
