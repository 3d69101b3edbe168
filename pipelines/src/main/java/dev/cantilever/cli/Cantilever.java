package dev.cantilever.cli;

import dev.cantilever.console.Console;
import dev.cantilever.host.ModelHost;
import dev.cantilever.recipe.UsageException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * The program. {@code ./cantilever <command> [options] [-- Beam options]}.
 *
 * <p>An interrupt from the keyboard needs nothing here: the JVM ends on it with exit code 130, and
 * a run is whole after any end.
 */
public final class Cantilever {
  private static final int WIDTH = 100;
  private static final String BEAM = "--";

  private final List<CommandEntry> entries;
  private final PrintStream out;
  private final PrintStream err;
  private final boolean terminal;

  Cantilever(List<CommandEntry> entries, PrintStream out, PrintStream err, boolean terminal) {
    this.entries = List.copyOf(entries);
    this.out = out;
    this.err = err;
    this.terminal = terminal;
  }

  /** Runs one command and ends the JVM with its exit code. */
  public static void main(String[] args) {
    if (Arrays.asList(args).contains(CommonOptions.VERBOSE) || debug()) {
      // Before anything logs: the logger reads this once.
      System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "info");
    }
    Cantilever program =
        new Cantilever(
            Commands.table(), System.out, System.err, Boolean.getBoolean("cantilever.terminal"));
    // Not by returning: libraries leave threads behind.
    System.exit(program.run(List.of(args)).number());
  }

  /** Runs one command. */
  ExitCode run(List<String> args) {
    int split = args.indexOf(BEAM);
    List<String> own = split < 0 ? args : args.subList(0, split);
    List<String> beam = split < 0 ? List.of() : args.subList(split + 1, args.size());
    Optional<CommandEntry> entry =
        entries.stream().filter(e -> !own.isEmpty() && e.name().equals(own.get(0))).findFirst();
    String name = entry.map(CommandEntry::name).orElse("");
    boolean json = own.contains(CommonOptions.JSON);
    try {
      return run(own, beam, entry, json);
    } catch (ParameterException e) {
      String more = entry.map(known -> known.name() + " ").orElse("") + "--help";
      fail(name, json, new Failure(ExitCode.USAGE, e.getMessage() + "; see ./cantilever " + more));
      return ExitCode.USAGE;
    } catch (Throwable thrown) { // errors too: running out of memory has an exit code
      Failure failure = Failure.of(thrown);
      if (own.contains(CommonOptions.VERBOSE) || debug()) {
        thrown.printStackTrace(err);
      }
      fail(name, json, failure);
      return failure.exitCode();
    }
  }

  private ExitCode run(
      List<String> own, List<String> beam, Optional<CommandEntry> entry, boolean json)
      throws Exception {
    if (entry.isEmpty() && own.stream().anyMatch(arg -> !arg.startsWith("-"))) {
      throw new UsageException(
          "expected a command, one of "
              + entries.stream().map(CommandEntry::name).collect(Collectors.joining(", "))
              + ", got "
              + String.join(" ", own)
              + "; see ./cantilever --help");
    }
    Optional<Command> command = entry.map(named -> named.command().get());
    CommandLine line = new CommandLine(rootSpec(entry, command));
    line.setExpandAtFiles(false).setUsageHelpWidth(WIDTH).setCaseInsensitiveEnumValuesAllowed(true);
    ParseResult parsed = line.parseArgs(own.toArray(String[]::new));
    if (parsed.isVersionHelpRequested()) {
      line.printVersionHelp(out, Ansi.OFF);
      return ExitCode.DONE;
    }
    if (parsed.isUsageHelpRequested()) {
      line.usage(out, Ansi.OFF);
      return ExitCode.DONE;
    }
    if (command.isEmpty()) {
      line.usage(err, Ansi.OFF);
      return ExitCode.USAGE;
    }
    ParseResult chosen = parsed.subcommand();
    if (chosen.isUsageHelpRequested()) {
      chosen.commandSpec().commandLine().usage(out, Ansi.OFF);
      return ExitCode.DONE;
    }
    Console console = new Console(json ? err : out, err, terminal);
    ModelHost.watchLoads(new LoadLine(console));
    CommandResult result = command.get().run(chosen, console, beam);
    if (json) {
      lastLine(result.json());
    }
    return result.exitCode();
  }

  /** All commands by name and summary, and in full the one that was named. */
  private CommandSpec rootSpec(Optional<CommandEntry> named, Optional<Command> command) {
    CommandSpec root = CommandSpec.create().name("cantilever").mixinStandardHelpOptions(true);
    root.versionProvider(Cantilever::version);
    root.usageMessage()
        .customSynopsis("./cantilever <command> [options] [-- Beam options]")
        .description("Fine-tunes language models with human feedback on one GPU.")
        .commandListHeading("%nCommands:%n")
        .footer("", "Each command explains itself: ./cantilever <command> --help", "", exitCodes());
    for (CommandEntry entry : entries) {
      CommandSpec spec =
          command
              .filter(c -> named.filter(entry::equals).isPresent())
              .map(c -> c.spec(entry.name()))
              .orElseGet(CommandSpec::create);
      spec.usageMessage().description(entry.summary().replace("%", "%%"));
      root.addSubcommand(entry.name(), spec);
    }
    return root;
  }

  private void fail(String name, boolean json, Failure failure) {
    out.flush();
    err.println("cantilever" + (name.isEmpty() ? "" : " " + name) + ": " + failure.message());
    if (json) {
      lastLine(
          new JsonResult()
              .put("error", failure.message())
              .put("exit_code", failure.exitCode().number()));
    }
  }

  private void lastLine(JsonResult json) {
    err.flush();
    out.println(json);
    out.flush();
  }

  private static String exitCodes() {
    StringBuilder text = new StringBuilder("Exit codes:");
    for (ExitCode code : ExitCode.values()) {
      text.append(String.format("%n  %3d  %s", code.number(), code.meaning()));
    }
    return text.toString();
  }

  private static String[] version() {
    Properties properties = new Properties();
    try (InputStream in = Cantilever.class.getResourceAsStream("version.properties")) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new String[] {
      "cantilever " + properties.getProperty("version", "(unbuilt)"), "Java " + Runtime.version()
    };
  }

  private static boolean debug() {
    return System.getenv("CANTILEVER_DEBUG") != null;
  }
}
