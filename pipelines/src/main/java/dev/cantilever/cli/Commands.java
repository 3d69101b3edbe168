package dev.cantilever.cli;

import java.util.List;

/** The commands that exist, in the order in which {@code --help} lists them. One row each. */
final class Commands {
  private Commands() {}

  static List<CommandEntry> table() {
    return List.of(
        new CommandEntry(
            "generate", "text from model and adapter", () -> GenerateCommand.command()),
        new CommandEntry("merge", "adapter into base, file to file", () -> MergeCommand.command()),
        new CommandEntry(
            "parity",
            "how far the results are from reference fixtures",
            () -> ParityCommand.command()));
  }
}
