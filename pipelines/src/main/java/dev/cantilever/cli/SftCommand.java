package dev.cantilever.cli;

import dev.cantilever.finetune.FineTuneSummary;
import dev.cantilever.manifest.CommitDirectory;
import dev.cantilever.recipe.UsageException;
import dev.cantilever.run.RunDirectory;
import dev.cantilever.run.RunLayout;
import dev.cantilever.train.RecipeSections;
import dev.cantilever.train.RunnerArguments;
import dev.cantilever.train.TrainingRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** {@code sft}: LoRA on a frozen 8-bit base, on texts. */
final class SftCommand {

  private SftCommand() {}

  static Command command() {
    return Command.builder("sft --out runs/reviews", SftCommand::run)
        .recipe(RecipeSections.all(), "lora", "run", "sft")
        .options(
            CommonOption.MODEL,
            CommonOption.BACKEND,
            CommonOption.BUDGET,
            CommonOption.INT8_MODE,
            CommonOption.SEED)
        .outRequired()
        .build();
  }

  private static CommandResult run(CommandContext context) throws IOException {
    RunnerArguments runner = context.runner();
    Path root = context.out();
    requireData(new RunLayout(root)); // before a run would be made there
    try (RunDirectory run = RunDirectory.open(root, context.recipe(), RecipeSections.all())) {
      RunLayout layout = run.layout();
      if (Files.exists(layout.sftAdapter())) {
        context.console().note("%s was fine-tuned before; nothing was done", root);
      }
      FineTuneSummary summary = new TrainingRun(context.recipe(), layout, runner).sft();
      context
          .console()
          .line(
              "loss on held-out text %.4f before, %.4f after %d steps over %d tokens",
              summary.lossBefore(), summary.lossAfter(), summary.steps(), summary.tokens());
      context.console().line("adapter %s", layout.sftAdapter());
      return CommandResult.done(
          new JsonResult()
              .put("loss_before", summary.lossBefore())
              .put("loss_after", summary.lossAfter())
              .put("steps", summary.steps())
              .put("tokens", summary.tokens())
              .put("adapter", layout.sftAdapter().toString())
              .put("run", layout.root().toString()));
    }
  }

  private static void requireData(RunLayout layout) {
    if (Files.exists(layout.root()) && !Files.isDirectory(layout.root())) {
      throw new UsageException(
          "expected the directory of a run at "
              + layout.root()
              + ", found a file; give the --out of ./cantilever prepare");
    }
    if (!CommitDirectory.at(layout.data()).isCommitted()) {
      throw new UsageException(
          "expected prepared data at "
              + layout.data()
              + ", found "
              + (Files.exists(layout.data()) ? "no manifest in it" : "nothing")
              + "; run ./cantilever prepare --out "
              + layout.root()
              + " first");
    }
  }
}
