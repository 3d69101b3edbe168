package dev.cantilever.hub;

import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Which linear layers of a model carry an adapter: peft's {@code target_modules}. */
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
      return names.stream().anyMatch(n -> modulePath.equals(n) || modulePath.endsWith("." + n));
    }
  }

  /**
   * A regular expression for the whole path, in the syntax that Java and Python share.
   *
   * @param regex as in the file
   */
  record Regex(String regex) implements TargetModules {
    public Regex {
      try {
        Pattern.compile(regex);
      } catch (PatternSyntaxException e) {
        throw new CheckpointException(
            "Expected 'target_modules' to be a regular expression, found '%s': %s. Correct it."
                .formatted(regex, e.getDescription()),
            e);
      }
    }

    @Override
    public boolean matches(String modulePath) {
      return modulePath.matches(regex);
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
}
