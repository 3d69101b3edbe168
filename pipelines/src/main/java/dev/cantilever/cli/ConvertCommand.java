package dev.cantilever.cli;

import dev.cantilever.console.ByteProgress;
import dev.cantilever.hub.AdapterConversion;
import dev.cantilever.hub.CheckpointConversion;
import dev.cantilever.hub.ConversionSummary;
import dev.cantilever.hub.ModelDirectoryWriter;
import dev.cantilever.hub.StagedDirectory;
import dev.cantilever.recipe.ByteSize;
import dev.cantilever.recipe.UsageException;
import dev.cantilever.run.RunSpec;
import dev.cantilever.train.RecipeSections;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * {@code convert}: a checkpoint or an adapter, such as a {@code pytorch_model.bin} or {@code
 * adapter_model.bin}, to safetensors.
 */
final class ConvertCommand {

  @Option(
      names = "--shard-size",
      paramLabel = "SIZE",
      description = "weights per file, such as 2GiB; 5 GB unless given")
  private @Nullable String shardSize;

  private ConvertCommand() {}

  static Command command() {
    ConvertCommand command = new ConvertCommand();
    return Command.builder("convert --model opt-iml-1.3b --out opt-iml-safe", command::run)
        .recipe(RecipeSections.all(), "run")
        .options(CommonOption.MODEL, CommonOption.ADAPTER)
        .outRequired()
        .arguments(command)
        .build();
  }

  private CommandResult run(CommandContext context) throws IOException {
    RunSpec run = context.recipe().section("run", RunSpec.class);
    if (run.model().isPresent() == run.adapter().isPresent()) {
      throw new UsageException(
          "expected --model DIR or --adapter DIR, found "
              + (run.model().isPresent() ? "both" : "none")
              + "; name the directory of the checkpoint or of the adapter");
    }
    if (run.adapter().isPresent() && shardSize != null) {
      throw new UsageException(
          "expected --shard-size with --model alone, found it with --adapter, which is one file;"
              + " leave it out");
    }
    StagedDirectory.requireFree(context.out());
    ConversionSummary summary =
        run.model().isPresent()
            ? model(context, run.model().get())
            : adapter(context, run.adapter().orElseThrow());
    context
        .console()
        .line(
            "%s: %d tensors, %.2f GB in %d files; %d more names tied to them; %d other files",
            context.out(),
            summary.tensors(),
            summary.bytes() / 1e9,
            summary.files(),
            summary.tied().size(),
            1 + summary.companions().size());
    return CommandResult.done(
        new JsonResult()
            .put("tensors", summary.tensors())
            .put("bytes", summary.bytes())
            .put("files", summary.files())
            .put("tied", summary.tied())
            .put("out", context.out().toString()));
  }

  private ConversionSummary model(CommandContext context, Path model) throws IOException {
    long shardBytes =
        shardSize == null
            ? ModelDirectoryWriter.DEFAULT_SHARD_BYTES
            : ByteSize.parse(shardSize).bytes();
    if (shardBytes < 1) {
      throw new UsageException(
          "expected --shard-size of at least 1 byte, found " + shardSize + "; give one like 2GiB");
    }
    try (CheckpointConversion conversion = CheckpointConversion.open(model);
        ByteProgress progress = progress(context, conversion.bytes())) {
      return conversion.write(context.out(), shardBytes, progress);
    }
  }

  private static ConversionSummary adapter(CommandContext context, Path adapter)
      throws IOException {
    try (AdapterConversion conversion = AdapterConversion.open(adapter);
        ByteProgress progress = progress(context, conversion.bytes())) {
      return conversion.write(context.out(), progress);
    }
  }

  private static ByteProgress progress(CommandContext context, long bytes) {
    return new ByteProgress(context.console(), "convert", bytes);
  }
}
