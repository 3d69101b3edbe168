package dev.cantilever.cli;

import dev.cantilever.console.Console;
import dev.cantilever.recipe.RecipeSchema;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/**
 * A command: what it reads, what it takes, an example, and its work. Made with {@link #builder};
 * nothing is inherited.
 */
final class Command {
  private final RecipeSchema schema;
  private final Set<String> sections;
  private final CommonOptions common;
  private final Optional<Object> arguments;
  private final Optional<String> out;
  private final String example;
  private final CommandBody body;

  private Command(Builder builder) {
    this.schema = builder.schema;
    this.sections = builder.sections;
    this.common = new CommonOptions(builder.common);
    this.arguments = builder.arguments;
    this.out = builder.out;
    this.example = builder.example;
    this.body = builder.body;
  }

  /**
   * Begins a command.
   *
   * @param example a command line without the leading {@code ./cantilever}, shown in the help
   * @param body its work
   */
  static Builder builder(String example, CommandBody body) {
    return new Builder(example, body);
  }

  /** The command as picocli knows it. */
  CommandSpec spec(String name) {
    CommandSpec spec =
        arguments.map(CommandSpec::forAnnotatedObject).orElseGet(CommandSpec::create).name(name);
    common.declare(spec, out);
    spec.usageMessage().abbreviateSynopsis(true).sortOptions(false).footer(footer());
    return spec;
  }

  /** Does the work. */
  CommandResult run(ParseResult parsed, Console console, List<String> beamArguments)
      throws Exception {
    Optional<Path> directory = common.out(parsed, out);
    return body.run(
        new CommandContext(
            common.recipe(parsed, schema, directory), console, directory, beamArguments));
  }

  private String[] footer() {
    List<String> lines = new ArrayList<>();
    lines.addAll(List.of("", "Example:", "  ./cantilever " + escaped(example)));
    if (!sections.isEmpty()) {
      lines.addAll(List.of("", "Recipe keys that it reads, and their defaults:"));
      schema
          .defaults()
          .values()
          .forEach(
              (key, value) -> {
                if (sections.contains(key.substring(0, key.indexOf('.')))) {
                  lines.add(escaped("  " + key + "=" + value));
                  KeyNotes.of(key).forEach(note -> lines.add(escaped("      " + note)));
                }
              });
    }
    return lines.toArray(String[]::new);
  }

  /* picocli formats what it prints. */
  private static String escaped(String text) {
    return text.replace("%", "%%");
  }

  /** Collects the parts of a command. */
  static final class Builder {
    private final String example;
    private final CommandBody body;
    private RecipeSchema schema = RecipeSchema.empty();
    private Set<String> sections = Set.of();
    private Set<CommonOption> common = EnumSet.noneOf(CommonOption.class);
    private Optional<Object> arguments = Optional.empty();
    private Optional<String> out = Optional.empty();

    private Builder(String example, CommandBody body) {
      this.example = example;
      this.body = body;
    }

    /**
     * The sections that a recipe may have; the common options need {@code run} among them.
     *
     * @param read names of those that the command reads, for its help
     */
    Builder recipe(RecipeSchema all, String... read) {
      this.schema = all;
      this.sections = Set.of(read);
      return this;
    }

    /** The common options that apply. */
    Builder options(CommonOption... applicable) {
      this.common = EnumSet.noneOf(CommonOption.class);
      common.addAll(List.of(applicable));
      return this;
    }

    /**
     * Options and operands of this command alone: an object with picocli's annotations on its
     * fields, which are filled before the body runs.
     */
    Builder arguments(Object annotated) {
      this.arguments = Optional.of(annotated);
      return this;
    }

    /** The command writes a directory, this one unless {@code --out} says otherwise. */
    Builder out(String directory) {
      this.out = Optional.of(directory);
      return this;
    }

    /** The command writes a directory, and {@code --out} must say where. */
    Builder outRequired() {
      this.out = Optional.of("");
      return this;
    }

    Command build() {
      return new Command(this);
    }
  }
}
