package dev.cantilever.cli;

import dev.cantilever.evaluate.EvaluationSpec;
import dev.cantilever.recipe.Recipe;
import dev.cantilever.rehearsal.MemoryPlan;
import dev.cantilever.run.RunDirectory;
import dev.cantilever.run.RunLayout;
import dev.cantilever.train.RecipeSections;
import dev.cantilever.train.RunnerArguments;
import dev.cantilever.train.TrainingRun;
import java.io.IOException;

/** {@code ppo}: rollouts, scores, updates, until done. */
final class PpoCommand {

  private static final double NANOS_PER_SECOND = 1e9;

  private PpoCommand() {}

  static Command command() {
    return Command.builder(
            "ppo --model models/my-base --out runs/reviews --set loop.steps=100"
                + " --set ppo.step_size.learning_rate=3e-4",
            PpoCommand::run)
        .recipe(
            RecipeSections.all(),
            "evaluation",
            "loop",
            "lora",
            "ppo",
            "prepare",
            "reward",
            "rollout",
            "run",
            "update")
        .options(
            CommonOption.MODEL,
            CommonOption.ADAPTER,
            CommonOption.BACKEND,
            CommonOption.BUDGET,
            CommonOption.INT8_MODE,
            CommonOption.SEED)
        .outRequired()
        .build();
  }

  private static CommandResult run(CommandContext context) throws IOException {
    Recipe recipe = context.recipe();
    RunnerArguments runner = context.runner();
    long began = System.nanoTime();
    TrainingRun run = new TrainingRun(recipe, new RunLayout(context.out()), runner);
    run.requireModels(); // refused before anything is made
    MemoryPlan plan = run.plan().plan();
    if (!plan.fits()) {
      context.console().line("%s", plan);
      return new CommandResult(MemoryJson.plan(plan), ExitCode.OVER_BUDGET);
    }
    try (RunDirectory directory = PrepareCommand.open(context)) {
      PrepareCommand.prepare(run, directory);
      PpoOutcome outcome = PpoOutcome.of(run, context.console());
      outcome.print(context.console(), recipe.section("evaluation", EvaluationSpec.class));
      return CommandResult.done(
          outcome
              .json(recipe, run.fineTuned())
              .put("wall_s", (System.nanoTime() - began) / NANOS_PER_SECOND)
              .put("run", context.out().toString()));
    }
  }
}
