package dev.cantilever.train;

import dev.cantilever.loop.LoopSummary;
import dev.cantilever.loop.StepListener;
import dev.cantilever.recipe.Recipe;
import dev.cantilever.run.RunDirectory;
import dev.cantilever.run.RunLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/**
 * PPO over a run directory as a program of its own, as a cluster's scheduler starts it: {@code
 * --run=DIR --runner=FlinkRunner --flinkMaster=HOST:PORT}. It goes on where the run's files say,
 * and every step is one pipeline.
 */
public final class PpoPipeline {
  private PpoPipeline() {}

  /** Runs what is not done yet. */
  public static void main(String[] args) throws IOException {
    PipelineOptionsFactory.register(PpoOptions.class);
    PpoOptions options =
        PipelineOptionsFactory.fromArgs(args).withValidation().as(PpoOptions.class);
    RunLayout layout = RunDirectory.existing(Path.of(options.getRun()));
    Recipe recipe = RecipeSections.all().load(layout.recipe(), List.of());
    try (RunDirectory run = RunDirectory.open(layout.root(), recipe, RecipeSections.all())) {
      LoopSummary summary =
          new TrainingRun(recipe, run.layout(), new RunnerArguments(List.of(args)))
              .ppo(StepListener.SILENT);
      System.out.printf(
          "%d steps are done; the adapter is %s%n", summary.steps().size(), summary.adapter());
    }
  }
}
