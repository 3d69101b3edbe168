package dev.cantilever.cli;

import dev.cantilever.recipe.Recipe;
import dev.cantilever.recipe.RecipeSchema;
import dev.cantilever.recipe.Setting;
import dev.cantilever.run.RunLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** Declares the options that commands share, and reads them back. */
final class CommonOptions {
  static final String JSON = "--json";
  static final String VERBOSE = "--verbose";
  private static final String RECIPE = "--recipe";
  private static final String SET = "--set";
  private static final String OUT = "--out";

  private final Set<CommonOption> taken;

  CommonOptions(Set<CommonOption> taken) {
    this.taken = taken;
  }

  /**
   * Adds the options to a command's.
   *
   * @param out what {@code --out} is when not given; absent: the command has no {@code --out};
   *     empty text: it must be given
   */
  void declare(CommandSpec spec, Optional<String> out) {
    spec.addOption(
        one(RECIPE, "FILE", "settings in YAML, over the defaults").type(Path.class).build());
    spec.addOption(
        OptionSpec.builder(SET)
            .paramLabel("section.key=value")
            .description("one setting, over the recipe; may be repeated")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity("1")
            .build());
    for (CommonOption option : taken) {
      spec.addOption(one(option.option(), option.label(), option.description()).build());
    }
    out.ifPresent(
        value ->
            spec.addOption(
                one(OUT, "DIR", "where to write" + (value.isEmpty() ? "" : ", else " + value))
                    .type(Path.class)
                    .build()));
    spec.addOption(flag(JSON, "end with one JSON object on the last line of stdout"));
    spec.addOption(flag(VERBOSE, "informational log lines, and stack traces of failures"));
    spec.addOption(
        OptionSpec.builder("-h", "--help").usageHelp(true).description("show this page").build());
  }

  /**
   * The effective recipe: defaults, file, {@code --set}, options. Where no file is given and the
   * command writes into a run that is there, the run's own recipe is the file, so that commands
   * that follow each other over one run need not repeat its settings.
   *
   * @param out where the command writes, if it writes a directory
   * @throws IOException if the recipe file cannot be read
   */
  Recipe recipe(ParseResult parsed, RecipeSchema schema, Optional<Path> out) throws IOException {
    List<Setting> settings = new ArrayList<>();
    List<String> sets = parsed.matchedOptionValue(SET, List.of());
    sets.forEach(argument -> settings.add(Setting.parse(argument)));
    for (CommonOption option : taken) {
      String text = parsed.matchedOptionValue(option.option(), "");
      if (parsed.hasMatchedOption(option.option())) {
        settings.add(Setting.ofOption(option.option(), option.key(), text));
      }
    }
    Optional<Path> file =
        Optional.ofNullable(path(parsed, RECIPE)).or(() -> out.flatMap(CommonOptions::recipeOf));
    return file.isPresent() ? schema.load(file.get(), settings) : schema.load(settings);
  }

  /** Where to write, if it was said or has a default. */
  Optional<Path> out(ParseResult parsed, Optional<String> otherwise) {
    return otherwise.isEmpty()
        ? Optional.empty()
        : Optional.ofNullable(path(parsed, OUT))
            .or(() -> otherwise.filter(text -> !text.isEmpty()).map(Path::of));
  }

  private static Optional<Path> recipeOf(Path out) {
    RunLayout run = new RunLayout(out);
    return Optional.of(run.recipe())
        .filter(recipe -> Files.isRegularFile(run.runJson()) && Files.isRegularFile(recipe));
  }

  private static @Nullable Path path(ParseResult parsed, String option) {
    return parsed.hasMatchedOption(option) ? parsed.matchedOption(option).getValue() : null;
  }

  private static OptionSpec.Builder one(String name, String label, String description) {
    return OptionSpec.builder(name)
        .paramLabel(label)
        .description(description)
        .type(String.class)
        .arity("1");
  }

  private static OptionSpec flag(String name, String description) {
    return OptionSpec.builder(name).description(description).type(boolean.class).build();
  }
}
