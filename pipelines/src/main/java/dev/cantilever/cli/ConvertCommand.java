package dev.cantilever.cli;

import dev.cantilever.console.ByteProgress;
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

/** {@code convert}: a checkpoint, such as a {@code pytorch_model.bin}, to safetensors. */
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
        .options(CommonOption.MODEL)
        .outRequired()
        .arguments(command)
        .build();
  }

  private CommandResult run(CommandContext context) throws IOException {
    Path model =
        context
            .recipe()
            .section("run", RunSpec.class)
            .model()
            .orElseThrow(
                () ->
                    new UsageException(
                        "expected --model DIR, found none; name the directory of the checkpoint"));
    long shardBytes =
        shardSize == null
            ? ModelDirectoryWriter.DEFAULT_SHARD_BYTES
            : ByteSize.parse(shardSize).bytes();
    if (shardBytes < 1) {
      throw new UsageException(
          "expected --shard-size of at least 1 byte, found " + shardSize + "; give one like 2GiB");
    }
    StagedDirectory.requireFree(context.out());
    ConversionSummary summary;
    try (CheckpointConversion conversion = CheckpointConversion.open(model);
        ByteProgress progress =
            new ByteProgress(context.console(), "convert", conversion.bytes())) {
      summary = conversion.write(context.out(), shardBytes, progress);
    }
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
}
