package dev.cantilever.hub;

import java.util.List;

/** Linear layers of a model: peft's {@code target_modules} and {@code exclude_modules}. */
public sealed interface TargetModules {

  /**
   * Whether a layer is meant. Embeddings and the output head of a language model are never offered
   * to {@link AllLinear}.
   *
   * @param modulePath for example {@code gpt_neox.layers.0.attention.query_key_value}
   */
  boolean matches(String modulePath);

  /** Layers of these names: the path equals one or ends with a dot and one. */
  static TargetModules of(String... names) {
    return new Names(List.of(names));
  }

  /**
   * A list of names or path ends.
   *
   * @param names in the order of the file, at least one
   */
  record Names(List<String> names) implements TargetModules {
    public Names {
      names = names.stream().map(HeadNames::later).toList();
      if (names.isEmpty() || names.contains("")) {
        throw new CheckpointException(
            "Expected 'target_modules' to name modules, found %s. Name at least one."
                .formatted(names));
      }
    }

    @Override
    public boolean matches(String modulePath) {
      return names.stream().anyMatch(name -> ModulePath.endsWith(modulePath, name));
    }
  }

  /**
   * A regular expression for the whole path, in the syntax that Java and Python share.
   *
   * @param regex as in the file
   */
  record Regex(String regex) implements TargetModules {
    public Regex {
      ModulePattern.ofWhole("target_modules", regex);
    }

    @Override
    public boolean matches(String modulePath) {
      ModulePattern pattern = ModulePattern.ofWhole("target_modules", regex);
      return pattern.matches(modulePath) || pattern.matches(HeadNames.earlier(modulePath));
    }
  }

  /** peft's {@code "all-linear"}: every linear layer but the output head. */
  record AllLinear() implements TargetModules {
    static final String NAME = "all-linear";

    @Override
    public boolean matches(String modulePath) {
      return true;
    }
  }

  /** No layer: where nothing is excluded. */
  record None() implements TargetModules {
    @Override
    public boolean matches(String modulePath) {
      return false;
    }
  }
}
