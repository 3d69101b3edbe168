package dev.cantilever.cli;

import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.bench.BenchOptions;
import dev.cantilever.bench.BenchPhase;
import dev.cantilever.bench.BenchReport;
import dev.cantilever.bench.StepBenchmark;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.recipe.UsageException;
import dev.cantilever.rehearsal.MemoryPlan;
import dev.cantilever.rehearsal.PassSettings;
import dev.cantilever.rehearsal.Workload;
import dev.cantilever.run.RunSpec;
import dev.cantilever.train.RecipeSections;
import dev.cantilever.update.UpdateSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code bench}: a PPO step on synthetic queries, measured; on the weights of the model where they
 * are there, else on synthetic ones.
 */
final class BenchCommand {

  private static final String STEPS = "3";

  @Mixin private WorkloadOptions sizes = new WorkloadOptions();

  @Option(
      names = "--phase",
      paramLabel = "rollout|score|update|step",
      description = "what to measure, else the whole step")
  private BenchPhase phase = BenchPhase.STEP;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "measured steps after one to warm up, else " + STEPS,
      defaultValue = STEPS)
  private int steps;

  @Option(names = "--out", paramLabel = "FILE", description = "where to write the JSON object too")
  private @Nullable Path out;

  private BenchCommand() {}

  static Command command() {
    BenchCommand command = new BenchCommand();
    return Command.builder(
            "bench --model config.json --backend cuda --budget 24GiB --rows 32 --prompt 8"
                + " --response 32 --minibatch 4 --epochs 4 --out bench.json",
            command::run)
        .recipe(RecipeSections.all(), "run", "update")
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
    if (steps < 1) {
      throw new UsageException("expected --steps of at least 1, found " + steps + "; measure one");
    }
    if (out != null && !Files.isDirectory(out.toAbsolutePath().resolveSibling("."))) {
      throw new UsageException(
          "expected --out FILE in a directory that is there, found " + out + "; make it first");
    }
    RunSpec run = context.recipe().section("run", RunSpec.class);
    ModelConfig model = WorkloadOptions.model(run);
    Path path = run.model().orElseThrow();
    if (ModelDirectory.hasWeights(path)) {
      try (ModelDirectory checkpoint = ModelDirectory.open(path)) {
        return run(context, run, model, Optional.of(checkpoint));
      }
    }
    return run(context, run, model, Optional.empty());
  }

  private CommandResult run(
      CommandContext context, RunSpec run, ModelConfig model, Optional<ModelDirectory> checkpoint)
      throws IOException {
    UpdateSpec update = context.recipe().section("update", UpdateSpec.class);
    Workload workload = sizes.over(otherStacks(model, run));
    KeepPlan keep = update.keep().plan();
    StepBenchmark benchmark =
        new StepBenchmark(
            new BenchOptions(
                model,
                run.backend(),
                WorkloadOptions.budgetBytes(run, context.console()),
                workload,
                new PassSettings(workload.rows(), update.maxTokens(), keep),
                phase,
                steps),
            checkpoint,
            line -> context.console().note("bench: %s", line),
            new LoadLine(context.console()));
    MemoryPlan plan = benchmark.plan();
    context.console().line("%s", plan);
    if (!plan.fits()) {
      return new CommandResult(MemoryJson.plan(plan), ExitCode.OVER_BUDGET);
    }
    BenchReport report = benchmark.measure(plan);
    BenchResult result = new BenchResult(report);
    result.print(context.console());
    JsonResult json = result.json();
    if (out != null) {
      Files.write(out, (json + "\n").getBytes(StandardCharsets.UTF_8));
    }
    return CommandResult.done(json);
  }

  /** The work that other stacks were measured by. */
  private static Workload otherStacks(ModelConfig model, RunSpec run) {
    return new Workload(32, 8, 32, 4, 4, Workload.attentionLora(model), run.int8Mode(), run.seed());
  }
}
