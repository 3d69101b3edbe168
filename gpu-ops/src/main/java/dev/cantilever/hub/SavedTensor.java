package dev.cantilever.hub;

/**
 * A tensor that an adapter holds whole, to be used in place of the base's: a bias that was trained,
 * or a part of one of {@code modules_to_save}.
 *
 * @param baseName its name in the base, for example {@code score.weight}
 * @param name its name in the adapter's file
 * @param bias whether {@code bias} asked for it and not {@code modules_to_save}
 */
public record SavedTensor(String baseName, String name, boolean bias) {

  private static final String BIAS = ".bias";

  /**
   * A trained bias.
   *
   * @param modulePath the module that it belongs to
   * @param branch whether that carries a branch, which peft's name for it shows
   */
  public static SavedTensor bias(String modulePath, boolean branch) {
    return new SavedTensor(
        modulePath + BIAS,
        LoraModule.PREFIX + modulePath + (branch ? LoraModule.BASE_LAYER : "") + BIAS,
        true);
  }

  /**
   * A tensor of a module in {@code modules_to_save}.
   *
   * @param baseName its name in the base
   */
  public static SavedTensor whole(String baseName) {
    return new SavedTensor(baseName, LoraModule.PREFIX + baseName, false);
  }

  /** The module that it belongs to. */
  public String modulePath() {
    int dot = baseName.lastIndexOf('.');
    return dot < 0 ? baseName : baseName.substring(0, dot);
  }
}
