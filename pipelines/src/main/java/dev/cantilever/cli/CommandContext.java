package dev.cantilever.cli;

import dev.cantilever.console.Console;
import dev.cantilever.recipe.Recipe;
import dev.cantilever.recipe.UsageException;
import dev.cantilever.train.RunnerArguments;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What a command is given to work with. */
final class CommandContext {
  private final Recipe recipe;
  private final Console console;
  private final Optional<Path> out;
  private final List<String> beamArguments;

  CommandContext(Recipe recipe, Console console, Optional<Path> out, List<String> beamArguments) {
    this.recipe = recipe;
    this.console = console;
    this.out = out;
    this.beamArguments = List.copyOf(beamArguments);
  }

  /** The effective settings. */
  Recipe recipe() {
    return recipe;
  }

  /** Where to talk to people. */
  Console console() {
    return console;
  }

  /**
   * Where to write: what {@code --out} says, or the command's default.
   *
   * @throws UsageException if neither is there
   */
  Path out() {
    return out.orElseThrow(
        () -> new UsageException("expected --out DIR, found none; say where to write"));
  }

  /**
   * What was typed after {@code --}, found to be options of Beam.
   *
   * @throws UsageException if Beam does not take them
   */
  RunnerArguments runner() {
    RunnerArguments arguments = new RunnerArguments(beamArguments);
    arguments.spreading(); // refused here, before anything is made
    return arguments;
  }
}
