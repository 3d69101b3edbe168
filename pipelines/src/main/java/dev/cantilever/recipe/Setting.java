package dev.cantilever.recipe;

/**
 * One value given on the command line.
 *
 * @param key the full key, {@code section.key} or deeper
 * @param text the value as typed; lists are typed as YAML, {@code [a, b]}
 * @param source the option that carried it
 */
public record Setting(String key, String text, Source source) {
  private static final Source SET = new Source("--set");

  /**
   * Reads the argument of {@code --set}.
   *
   * @throws UsageException if it is not {@code section.key=value}
   */
  public static Setting parse(String argument) {
    int equals = argument.indexOf('=');
    String key = equals < 0 ? argument : argument.substring(0, equals).strip();
    if (equals < 0 || key.indexOf('.') <= 0 || key.endsWith(".")) {
      throw new UsageException(
          "--set expects section.key=value, for instance --set ppo.steps=50; got '"
              + argument
              + "'");
    }
    return new Setting(key, argument.substring(equals + 1).strip(), SET);
  }

  /**
   * The value of a named option that stands for a recipe key.
   *
   * @param option the option as typed, {@code --seed}
   * @param key the key it sets, {@code run.seed}
   * @param text its value as typed
   */
  public static Setting ofOption(String option, String key, String text) {
    return new Setting(key, text, new Source(option));
  }
}
