package dev.cantilever.cli;

import dev.cantilever.console.Console;
import dev.cantilever.rehearsal.MemoryPlan;
import dev.cantilever.reward.RewardSpec;
import dev.cantilever.run.RunSpec;
import dev.cantilever.sample.EmbeddedSample;
import dev.cantilever.sample.EmbeddedSamples;
import dev.cantilever.train.PpoPlan;
import dev.cantilever.train.RecipeSections;
import dev.cantilever.train.TrainingRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Mixin;

/**
 * {@code plan}: the memory of PPO by purpose, from the model's description alone; what {@code ppo}
 * and {@code demo} check before they load anything.
 */
final class PlanCommand {

  @Mixin private WorkloadOptions sizes = new WorkloadOptions();

  private PlanCommand() {}

  static Command command() {
    PlanCommand command = new PlanCommand();
    return Command.builder(
            "plan --model config.json --backend cuda --budget 24GiB --rows 32 --prompt 8"
                + " --response 32 --minibatch 4",
            command::run)
        .recipe(
            RecipeSections.all(), "evaluation", "lora", "ppo", "reward", "rollout", "run", "update")
        .options(
            CommonOption.MODEL,
            CommonOption.ADAPTER,
            CommonOption.BACKEND,
            CommonOption.BUDGET,
            CommonOption.INT8_MODE,
            CommonOption.SEED)
        .arguments(command)
        .build();
  }

  private CommandResult run(CommandContext context) throws IOException {
    RunSpec run = context.recipe().section("run", RunSpec.class);
    RewardSpec reward = context.recipe().section("reward", RewardSpec.class);
    WorkloadOptions.model(run); // refused where there is no description
    PpoPlan recipes = new PpoPlan(context.recipe());
    MemoryPlan plan =
        recipes
            .plan(
                run.model().orElseThrow(),
                run.adapter(),
                classifier(reward, context.console()),
                sizes.over(recipes.step()),
                WorkloadOptions.budgetBytes(run, context.console()))
            .plan();
    context.console().line("%s", plan);
    return new CommandResult(
        MemoryJson.plan(plan), plan.fits() ? ExitCode.DONE : ExitCode.OVER_BUDGET);
  }

  /** The classifier that PPO would load; none where it is neither named nor packed. */
  private static Optional<Path> classifier(RewardSpec reward, Console console) throws IOException {
    if (reward.model().isEmpty() && !EmbeddedSamples.isPacked(EmbeddedSample.CLASSIFIER)) {
      console.note(
          "planned without a classifier: reward.model names none, and the embedded one is not"
              + " packed here");
      return Optional.empty();
    }
    return Optional.of(TrainingRun.classifier(reward));
  }
}
