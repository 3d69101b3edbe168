package dev.cantilever.cli;

import dev.cantilever.generate.GenerationSettings;
import dev.cantilever.generate.TextGenerator;
import dev.cantilever.recipe.UsageException;
import dev.cantilever.run.RunSpec;
import dev.cantilever.train.RecipeSections;
import dev.cantilever.train.TrainingRun;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Parameters;

/** {@code generate}: text from model and adapter. */
final class GenerateCommand {

  @Parameters(paramLabel = "PROMPT", description = "texts to continue", arity = "0..*")
  private List<String> prompts = List.of();

  private GenerateCommand() {}

  static Command command() {
    GenerateCommand command = new GenerateCommand();
    return Command.builder(
            "generate --seed 7 --set generation.max_new_tokens=30 \"This movie was\"", command::run)
        .recipe(RecipeSections.all(), "generation", "run")
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

  private CommandResult run(CommandContext context) throws IOException, InterruptedException {
    if (prompts.isEmpty()) {
      throw new UsageException(
          "expected at least one PROMPT, found none; give the texts to continue, each in quotes");
    }
    RunSpec run = context.recipe().section("run", RunSpec.class);
    GenerationSettings settings = context.recipe().section("generation", GenerationSettings.class);
    List<String> texts =
        new TextGenerator(run, TrainingRun.base(run)).continuations(prompts, settings);
    List<JsonResult> rows = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      context.console().line("%s%s", prompts.get(i), texts.get(i));
      rows.add(new JsonResult().put("prompt", prompts.get(i)).put("text", texts.get(i)));
    }
    return CommandResult.done(new JsonResult().putObjects("texts", rows));
  }
}
