package dev.cantilever.cli;

import dev.cantilever.merge.MergePipeline;
import dev.cantilever.merge.MergeSpec;
import dev.cantilever.merge.MergeSummary;
import dev.cantilever.recipe.UsageException;
import dev.cantilever.run.RunSpec;
import dev.cantilever.train.RecipeSections;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** {@code merge}: adapter into base, file to file. */
final class MergeCommand {
  private MergeCommand() {}

  static Command command() {
    return Command.builder(
            "merge --model pythia-1b --adapter my-lora --out pythia-1b-tuned", MergeCommand::run)
        .recipe(RecipeSections.all(), "run")
        .options(CommonOption.MODEL, CommonOption.ADAPTER)
        .outRequired()
        .build();
  }

  private static CommandResult run(CommandContext context) throws IOException {
    RunSpec run = context.recipe().section("run", RunSpec.class);
    MergeSpec spec =
        new MergeSpec(
            required(run.model(), "--model", "the base in HF layout"),
            required(run.adapter(), "--adapter", "an adapter in PEFT layout"),
            context.out().toString());
    MergeSummary summary = MergePipeline.run(spec, context.runner().spreading());
    context
        .console()
        .line(
            "%s: %d tensors merged, %d copied; stored within %.1e of base + adapter, in 8-bit rows"
                + " %.1e more",
            summary.out(),
            summary.tensorsMerged(),
            summary.tensorsCopied(),
            summary.drift(),
            summary.int8Drift());
    return CommandResult.done(
        new JsonResult()
            .put("tensors_merged", summary.tensorsMerged())
            .put("tensors_copied", summary.tensorsCopied())
            .put("drift", summary.drift())
            .put("int8_drift", summary.int8Drift())
            .put("out", summary.out()));
  }

  private static String required(Optional<Path> path, String option, String what) {
    return path.map(Path::toString)
        .orElseThrow(
            () ->
                new UsageException(
                    "expected " + option + " DIR, found none; name the directory of " + what));
  }
}
