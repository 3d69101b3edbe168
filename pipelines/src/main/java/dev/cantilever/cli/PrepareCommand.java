package dev.cantilever.cli;

import dev.cantilever.manifest.CommitDirectory;
import dev.cantilever.prepare.PreparePipeline;
import dev.cantilever.prepare.PrepareSpec;
import dev.cantilever.prepare.PrepareSummary;
import dev.cantilever.recipe.Recipe;
import dev.cantilever.run.RunDirectory;
import dev.cantilever.run.RunLayout;
import dev.cantilever.run.RunSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.beam.sdk.options.PipelineOptions;

/** {@code prepare}: text to tokenised, packed Parquet. */
final class PrepareCommand {

  private PrepareCommand() {}

  static Command command() {
    return Command.builder(
            "prepare --out runs/reviews --set prepare.input=reviews.jsonl", PrepareCommand::run)
        .recipe(RecipeSections.all())
        .options(CommonOption.MODEL, CommonOption.SEED)
        .outRequired()
        .build();
  }

  private static CommandResult run(CommandContext context) throws IOException {
    Recipe recipe = context.recipe();
    RunSpec run = recipe.section("run", RunSpec.class);
    PrepareSpec spec = recipe.section("prepare", PrepareSpec.class);
    PipelineOptions options = context.beamOptions(PipelineOptions.class);
    Path out = context.out();
    Path model = GenerateCommand.model(run);
    boolean prepared = CommitDirectory.at(new RunLayout(out).data()).isCommitted();
    if (!prepared) {
      PreparePipeline.check(spec, model); // before there is a run that a wrong path belongs to
    }
    PrepareSummary summary;
    try (RunDirectory directory = RunDirectory.open(out, recipe, RecipeSections.all())) {
      summary = prepare(spec, model, directory, run.seed(), name(out), options);
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

  private static PrepareSummary prepare(
      PrepareSpec spec,
      Path model,
      RunDirectory directory,
      long seed,
      String name,
      PipelineOptions options)
      throws IOException {
    try {
      return PreparePipeline.run(spec, model, directory.layout().data(), seed, name, options);
    } catch (IOException | RuntimeException e) {
      directory.abandon(); // so that the same --out takes the settings that mend it
      throw e;
    }
  }

  private static String name(Path out) {
    Path name = out.toAbsolutePath().normalize().getFileName();
    return name == null ? "run" : name.toString();
  }
}
