package dev.cantilever.cli;

import dev.cantilever.console.Console;
import dev.cantilever.recipe.Recipe;
import dev.cantilever.recipe.UsageException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

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

  /** What was typed after {@code --}, as typed. */
  String[] beamArguments() {
    return beamArguments.toArray(String[]::new);
  }

  /**
   * Beam's options from what was typed after {@code --}.
   *
   * @throws UsageException if Beam does not take them
   */
  <T extends PipelineOptions> T beamOptions(Class<T> type) {
    try {
      return PipelineOptionsFactory.fromArgs(beamArguments()).withValidation().as(type);
    } catch (IllegalArgumentException e) {
      throw new UsageException(
          "expected options of Beam after --, got "
              + String.join(" ", beamArguments)
              + ": "
              + e.getMessage()
              + "; see Beam's documentation of the runner",
          e);
    }
  }
}
