package dev.cantilever.cli;

import dev.cantilever.manifest.CommitDirectory;
import dev.cantilever.prepare.PreparePipeline;
import dev.cantilever.prepare.PrepareSpec;
import dev.cantilever.prepare.PrepareSummary;
import dev.cantilever.recipe.Recipe;
import dev.cantilever.run.RunDirectory;
import dev.cantilever.run.RunLayout;
import dev.cantilever.run.RunSpec;
import dev.cantilever.train.RecipeSections;
import dev.cantilever.train.RunnerArguments;
import dev.cantilever.train.TrainingRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** {@code prepare}: text to tokenised, packed Parquet. */
final class PrepareCommand {

  private PrepareCommand() {}

  static Command command() {
    return Command.builder(
            "prepare --out runs/reviews --set prepare.input=reviews.jsonl --set loop.steps=100",
            PrepareCommand::run)
        .recipe(RecipeSections.all(), "prepare", "run")
        .options(CommonOption.MODEL, CommonOption.SEED)
        .outRequired()
        .build();
  }

  private static CommandResult run(CommandContext context) throws IOException {
    Recipe recipe = context.recipe();
    RunnerArguments runner = context.runner();
    Path out = context.out();
    boolean prepared = CommitDirectory.at(new RunLayout(out).data()).isCommitted();
    PrepareSummary summary;
    try (RunDirectory directory = open(context)) {
      TrainingRun run = new TrainingRun(recipe, directory.layout(), runner);
      summary = prepare(run, directory);
    }
    if (prepared) {
      context.console().note("%s was prepared before; nothing was done", out);
    }
    context
        .console()
        .table(
            List.of("rows in", "documents", "dead", "dropped", "tokens"),
            List.of(
                List.of(
                    Long.toString(summary.rowsIn()),
                    Long.toString(summary.rowsOut()),
                    Long.toString(summary.dead()),
                    Long.toString(summary.dropped()),
                    Long.toString(summary.tokens()))));
    return CommandResult.done(
        new JsonResult()
            .put("rows_in", summary.rowsIn())
            .put("rows_out", summary.rowsOut())
            .put("rows_dead", summary.dead())
            .put("rows_dropped", summary.dropped())
            .put("tokens", summary.tokens())
            .put("run", out.toString()));
  }

  /**
   * Opens the run of a command that begins with preparation. What is wrong with the input is found
   * before there is a run that a wrong path belongs to.
   */
  static RunDirectory open(CommandContext context) throws IOException {
    Recipe recipe = context.recipe();
    if (!CommitDirectory.at(new RunLayout(context.out()).data()).isCommitted()) {
      PreparePipeline.check(
          recipe.section("prepare", PrepareSpec.class),
          TrainingRun.base(recipe.section("run", RunSpec.class)));
    }
    return RunDirectory.open(context.out(), recipe, RecipeSections.all());
  }

  /** Prepares a run's data; where that fails, the directory takes other settings again. */
  static PrepareSummary prepare(TrainingRun run, RunDirectory directory) throws IOException {
    try {
      return run.prepare();
    } catch (IOException | RuntimeException e) {
      directory.abandon();
      throw e;
    }
  }
}
