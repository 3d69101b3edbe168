package dev.cantilever.cli;

import java.util.List;

/** The commands that exist, in the order in which {@code --help} lists them. One row each. */
final class Commands {
  private Commands() {}

  static List<CommandEntry> table() {
    return List.of(
        new CommandEntry(
            "demo", "the whole recipe on the embedded model", () -> DemoCommand.command()),
        new CommandEntry(
            "pull", "a model of the hub into a directory", () -> PullCommand.command()),
        new CommandEntry(
            "prepare", "text to tokenised, packed Parquet", () -> PrepareCommand.command()),
        new CommandEntry(
            "sft", "LoRA on a frozen 8-bit base, on texts", () -> SftCommand.command()),
        new CommandEntry(
            "ppo", "rollouts, scores, updates, until done", () -> PpoCommand.command()),
        new CommandEntry("merge", "adapter into base, file to file", () -> MergeCommand.command()),
        new CommandEntry(
            "convert",
            "a checkpoint or an adapter, such as a .bin, to safetensors",
            () -> ConvertCommand.command()),
        new CommandEntry(
            "generate", "text from model and adapter", () -> GenerateCommand.command()),
        new CommandEntry("push", "an adapter or a model to the hub", () -> PushCommand.command()),
        new CommandEntry(
            "plan", "memory of PPO, from config.json alone", () -> PlanCommand.command()),
        new CommandEntry(
            "parity",
            "how far the results are from reference fixtures",
            () -> ParityCommand.command()),
        new CommandEntry(
            "bench", "a PPO step on synthetic queries, measured", () -> BenchCommand.command()));
  }
}
