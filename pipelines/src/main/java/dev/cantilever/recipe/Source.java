package dev.cantilever.recipe;

/**
 * Where a value of the recipe came from. Its text is the comment beside the value in {@code
 * recipe.yaml}.
 *
 * @param label {@code default}, a file's name, {@code --set}, or the option's name
 */
public record Source(String label) {
  /** The spec record's own default. */
  public static final Source DEFAULT = new Source("default");

  public Source {
    if (label.isBlank() || label.contains("\n")) {
      throw new IllegalArgumentException("expected one line that names a source, got: " + label);
    }
  }

  @Override
  public String toString() {
    return label;
  }
}
