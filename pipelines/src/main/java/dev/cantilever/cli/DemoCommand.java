package dev.cantilever.cli;

import dev.cantilever.console.Console;
import dev.cantilever.evaluate.EvaluationSpec;
import dev.cantilever.finetune.FineTuneSummary;
import dev.cantilever.merge.MergeSummary;
import dev.cantilever.prepare.PrepareSummary;
import dev.cantilever.recipe.Recipe;
import dev.cantilever.rehearsal.MemoryPlan;
import dev.cantilever.run.RunDirectory;
import dev.cantilever.run.RunLayout;
import dev.cantilever.train.RunnerArguments;
import dev.cantilever.train.TrainingRun;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;

/** {@code demo}: the whole recipe on the embedded model and reviews. */
final class DemoCommand {

  private static final double NANOS_PER_SECOND = 1e9;

  private DemoCommand() {}

  static Command command() {
    return Command.builder("demo --out runs/demo", DemoCommand::run)
        .recipe(
            DemoRecipe.sections(),
            "evaluation",
            "loop",
            "lora",
            "ppo",
            "prepare",
            "reward",
            "rollout",
            "run",
            "sft",
            "update")
        .options(
            CommonOption.MODEL,
            CommonOption.BACKEND,
            CommonOption.BUDGET,
            CommonOption.INT8_MODE,
            CommonOption.SEED)
        .out("runs/demo")
        .build();
  }

  private static CommandResult run(CommandContext context) throws IOException {
    long began = System.nanoTime();
    Recipe recipe = context.recipe();
    Console console = context.console();
    RunnerArguments runner = context.runner();
    TrainingRun run = new TrainingRun(recipe, new RunLayout(context.out()), runner);
    run.requireModels(); // refused before anything is made
    MemoryPlan plan = run.planMerging().plan();
    if (!plan.fits()) {
      context.console().line("%s", plan);
      return new CommandResult(MemoryJson.plan(plan), ExitCode.OVER_BUDGET);
    }
    try (RunDirectory directory = PrepareCommand.open(context)) {
      PrepareSummary data = PrepareCommand.prepare(run, directory);
      console.line(
          "1 prepare   %d reviews, %d tokens in packed rows, %d dead letters",
          data.rowsOut(), data.tokens(), data.dead());
      FineTuneSummary sft = run.sft();
      console.line(
          "2 sft       loss on held-out reviews %.3f before, %.3f after %d steps",
          sft.lossBefore(), sft.lossAfter(), sft.steps());
      console.line(
          "3 merge     %s",
          run.merge().map(DemoCommand::merged).orElse("done before, the checkpoint is there"));
      PpoOutcome outcome = PpoOutcome.of(run, console);
      console.line(
          "4 ppo       %d steps, %d rollouts, kl %.1f at the end",
          outcome.steps(), outcome.rollouts(recipe), outcome.lastKl());
      outcome.print(console, recipe.section("evaluation", EvaluationSpec.class));
      console.line("");
      console.line(
          "everything is in %s; its adapter/ loads in peft over its merged/", context.out());
      return CommandResult.done(
          outcome
              .json(recipe, Optional.of(sft))
              .put("wall_s", (System.nanoTime() - began) / NANOS_PER_SECOND)
              .put("run", context.out().toString()));
    }
  }

  private static String merged(MergeSummary merge) {
    return String.format(
        Locale.ROOT,
        "adapter added to %d tensors, stored within %.1e of the sum",
        merge.tensorsMerged(),
        merge.drift());
  }
}
