package dev.cantilever.hub;

import java.util.List;

/** Linear layers of a model: peft's {@code target_modules} and {@code exclude_modules}. */
public sealed interface TargetModules {

  /**
   * Whether a linear layer is meant. The output head of a language model is never offered.
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
      names = List.copyOf(names);
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
      return ModulePattern.ofWhole("target_modules", regex).matches(modulePath);
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
