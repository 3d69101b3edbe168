package dev.cantilever.cli;

import dev.cantilever.evaluate.Evaluation;
import dev.cantilever.evaluate.EvaluationSpec;
import dev.cantilever.finetune.FineTuneSummary;
import dev.cantilever.loop.LoopSummary;
import dev.cantilever.ppo.PpoSpec;
import dev.cantilever.recipe.Recipe;
import dev.cantilever.row.Statistic;
import dev.cantilever.row.StepStats;
import dev.cantilever.run.RunDirectory;
import dev.cantilever.run.RunLayout;
import dev.cantilever.train.RecipeSections;
import dev.cantilever.train.RunnerArguments;
import dev.cantilever.train.TrainingRun;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** {@code ppo}: rollouts, scores, updates, until done. */
final class PpoCommand {

  /** Steps over which the last KL is averaged. */
  private static final int LAST_STEPS = 3;

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
    run.requireModels(); // refused likewise
    try (RunDirectory directory = PrepareCommand.open(context)) {
      PrepareCommand.prepare(run, directory);
      Evaluation before = run.evaluateBefore();
      LoopSummary loop;
      try (StepProgress progress = new StepProgress(context.console())) {
        loop = run.ppo(progress);
      }
      Evaluation after = run.evaluateAfter();
      BeforeAfter difference = new BeforeAfter(before, after);
      difference.print(context.console(), recipe.section("evaluation", EvaluationSpec.class));
      JsonResult json = new JsonResult();
      difference.into(json);
      Optional<FineTuneSummary> sft = run.fineTuned();
      put(json, "sft_loss_before", sft.map(FineTuneSummary::lossBefore));
      put(json, "sft_loss_after", sft.map(FineTuneSummary::lossAfter));
      return CommandResult.done(
          json.put("kl_last", lastKl(loop.steps()))
              .put("steps", loop.steps().size())
              .put("rollouts", rollouts(loop, recipe))
              .put("wall_s", (System.nanoTime() - began) / NANOS_PER_SECOND)
              .put("run", context.out().toString()));
    }
  }

  private static void put(JsonResult json, String key, Optional<Double> value) {
    value.ifPresentOrElse(number -> json.put(key, number), () -> json.putNull(key));
  }

  static double lastKl(List<StepStats> steps) {
    return steps.stream()
        .skip(Math.max(0, steps.size() - LAST_STEPS))
        .mapToDouble(step -> step.get(Statistic.KL))
        .average()
        .orElse(0);
  }

  static long rollouts(LoopSummary loop, Recipe recipe) {
    return (long) loop.steps().size() * recipe.section("ppo", PpoSpec.class).batch().rows();
  }
}
