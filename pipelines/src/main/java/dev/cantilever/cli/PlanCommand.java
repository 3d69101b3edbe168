package dev.cantilever.cli;

import dev.cantilever.host.LoraSpec;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.TaskType;
import dev.cantilever.model.WeightSource;
import dev.cantilever.ppo.PpoSpec;
import dev.cantilever.rehearsal.MemoryPlan;
import dev.cantilever.rehearsal.MemoryPlanner;
import dev.cantilever.rehearsal.PassSettings;
import dev.cantilever.rehearsal.Workload;
import dev.cantilever.rollout.RolloutSpec;
import dev.cantilever.run.RunSpec;
import dev.cantilever.train.RecipeSections;
import dev.cantilever.update.UpdateSpec;
import java.io.IOException;
import picocli.CommandLine.Mixin;

/** {@code plan}: the memory of a PPO step by purpose, from a model's description alone. */
final class PlanCommand {

  @Mixin private WorkloadOptions sizes = new WorkloadOptions();

  private PlanCommand() {}

  static Command command() {
    PlanCommand command = new PlanCommand();
    return Command.builder(
            "plan --model config.json --backend cuda --budget 24GiB --rows 32 --prompt 8"
                + " --response 32 --minibatch 4",
            command::run)
        .recipe(RecipeSections.all(), "lora", "ppo", "rollout", "run", "update")
        .options(
            CommonOption.MODEL,
            CommonOption.BACKEND,
            CommonOption.BUDGET,
            CommonOption.INT8_MODE,
            CommonOption.SEED)
        .arguments(command)
        .build();
  }

  private CommandResult run(CommandContext context) throws IOException {
    RunSpec run = context.recipe().section("run", RunSpec.class);
    RolloutSpec rollout = context.recipe().section("rollout", RolloutSpec.class);
    PpoSpec ppo = context.recipe().section("ppo", PpoSpec.class);
    UpdateSpec update = context.recipe().section("update", UpdateSpec.class);
    ModelConfig model = WorkloadOptions.model(run);
    AdapterConfig lora =
        context
            .recipe()
            .section("lora", LoraSpec.class)
            .config(TaskType.CAUSAL_LM, model.file().getFileName().toString());
    Workload workload =
        sizes.over(
            new WorkloadOptions.Sizes(
                ppo.batch().rows(),
                rollout.queryMaxTokens(),
                rollout.responseMaxTokens(),
                ppo.batch().miniBatchSize(),
                ppo.batch().epochs()),
            lora,
            run);
    PassSettings most =
        new PassSettings(
            Math.min(rollout.waveRows(), workload.rows()),
            update.maxTokens(),
            update.keep().plan());
    MemoryPlan plan =
        new MemoryPlanner(run.backend(), WeightSource.synthetic(model, run.seed()), workload)
            .plan(WorkloadOptions.budgetBytes(run, context.console()), most);
    context.console().line("%s", plan);
    return new CommandResult(
        MemoryJson.plan(plan), plan.fits() ? ExitCode.DONE : ExitCode.OVER_BUDGET);
  }
}
