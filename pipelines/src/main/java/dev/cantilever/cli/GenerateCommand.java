package dev.cantilever.cli;

import dev.cantilever.chat.ChatTemplate;
import dev.cantilever.chat.Conversation;
import dev.cantilever.console.Console;
import dev.cantilever.generate.GenerationSettings;
import dev.cantilever.generate.ModelGenerationConfig;
import dev.cantilever.generate.Prompt;
import dev.cantilever.generate.TextGenerator;
import dev.cantilever.recipe.Recipe;
import dev.cantilever.recipe.Source;
import dev.cantilever.recipe.UsageException;
import dev.cantilever.run.RunSpec;
import dev.cantilever.train.RecipeSections;
import dev.cantilever.train.TrainingRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code generate}: text from model and adapter. */
final class GenerateCommand {

  private static final String SECTION = "generation";

  @Parameters(paramLabel = "PROMPT", description = "texts to continue", arity = "0..*")
  private List<String> prompts = List.of();

  @Option(
      names = "--chat",
      description = "each PROMPT is a user's message, put into the model's chat template")
  private boolean chat;

  @Option(
      names = "--messages",
      paramLabel = "FILE",
      description =
          "JSONL of conversations to answer: a list of messages, or an object that has one")
  private Optional<Path> messages = Optional.empty();

  private GenerateCommand() {}

  static Command command() {
    GenerateCommand command = new GenerateCommand();
    return Command.builder(
            "generate --seed 7 --set generation.max_new_tokens=30 \"This movie was\"", command::run)
        .recipe(RecipeSections.all(), SECTION, "run")
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
    if (prompts.isEmpty() && messages.isEmpty()) {
      throw new UsageException(
          "expected at least one PROMPT, found none; give the texts to continue, each in quotes, or"
              + " --messages FILE");
    }
    RunSpec run = context.recipe().section("run", RunSpec.class);
    Path model = TrainingRun.base(run);
    GenerationSettings settings =
        withModelDefaults(context.recipe(), model, context.console())
            .section(SECTION, GenerationSettings.class);
    List<Prompt> given = prompts(model);
    List<String> texts = new TextGenerator(run, model).continuations(given, settings);
    List<JsonResult> rows = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      Prompt prompt = given.get(i);
      context.console().line("%s%s", prompt.whole() ? "" : prompt.text(), texts.get(i));
      rows.add(new JsonResult().put("prompt", prompt.text()).put("text", texts.get(i)));
    }
    return CommandResult.done(new JsonResult().putObjects("texts", rows));
  }

  /** The recipe with what the model's files say where it is silent; tells what is done of that. */
  private static Recipe withModelDefaults(Recipe recipe, Path model, Console console)
      throws IOException {
    ModelGenerationConfig config = ModelGenerationConfig.read(model);
    Source source = new Source(ModelGenerationConfig.FILE);
    Recipe effective = recipe.withDefaults(SECTION, config.defaults(), source);
    String taken =
        config.defaults().keySet().stream()
            .map(key -> SECTION + "." + key)
            .filter(key -> effective.source(key).equals(source))
            .sorted()
            .map(key -> key + "=" + effective.values().get(key))
            .collect(Collectors.joining(", "));
    if (!taken.isEmpty()) {
      console.note("%s: %s", source, taken);
    }
    if (!config.ignored().isEmpty()) {
      console.note("%s: ignored %s", source, String.join(", ", config.ignored()));
    }
    return effective;
  }

  private List<Prompt> prompts(Path model) throws IOException {
    if (!chat && messages.isEmpty()) {
      return prompts.stream().map(Prompt::of).toList();
    }
    ChatTemplate template = ChatTemplate.load(model);
    List<Prompt> given = new ArrayList<>();
    for (String prompt : prompts) {
      given.add(new Prompt(template.render(Conversation.ofUser(prompt), true), true));
    }
    if (messages.isPresent()) {
      int number = 0;
      for (String line : Files.readAllLines(messages.get())) {
        number++;
        if (!line.isBlank()) {
          String where = messages.get() + ", line " + number;
          given.add(new Prompt(template.render(Conversation.parse(line, where), true), true));
        }
      }
    }
    return given;
  }
}
