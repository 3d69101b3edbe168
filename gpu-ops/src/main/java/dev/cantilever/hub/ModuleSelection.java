package dev.cantilever.hub;

import java.util.List;

/**
 * Which modules of a model an adapter changes.
 *
 * @param targets which linear layers carry a branch: {@code target_modules}
 * @param excluded which do not all the same: {@code exclude_modules}
 * @param layers in which layers; a name in {@code target_modules} that is a whole path counts in
 *     any
 * @param saved names of modules that the adapter holds whole, in place of the base's: {@code
 *     modules_to_save}; they carry no branch
 */
public record ModuleSelection(
    TargetModules targets, TargetModules excluded, LayerSelection layers, List<String> saved) {

  public ModuleSelection {
    saved = saved.stream().map(HeadNames::later).toList();
    if (!layers.layers().isEmpty() && !(targets instanceof TargetModules.Names)) {
      throw new CheckpointException(
          "Expected 'layers_to_transform' beside a list in 'target_modules', found %s. List names, or write the layers into the regular expression."
              .formatted(targets));
    }
    if (saved.contains("")) {
      throw new CheckpointException(
          "Expected 'modules_to_save' to name modules, found %s. Correct it.".formatted(saved));
    }
    saved.forEach(name -> ModulePattern.ofPart("modules_to_save", name));
  }

  /** These layers, without exception. */
  public static ModuleSelection of(TargetModules targets) {
    return new ModuleSelection(targets, new TargetModules.None(), LayerSelection.ALL, List.of());
  }

  /** Whether a linear layer carries a branch. */
  public boolean matches(String modulePath) {
    if (excluded.matches(modulePath) || liesInSaved(modulePath) || !targets.matches(modulePath)) {
      return false;
    }
    boolean whole =
        targets instanceof TargetModules.Names names && names.names().contains(modulePath);
    return whole || layers.matches(modulePath);
  }

  /**
   * Whether a table of embeddings or an output head carries a branch: where it is named, by a list
   * or a regular expression, and not by {@code "all-linear"}.
   */
  public boolean names(String modulePath) {
    return !(targets instanceof TargetModules.AllLinear) && matches(modulePath);
  }

  /** This selection with one name of modules that are held whole. */
  public ModuleSelection savingOnly(String name) {
    return new ModuleSelection(targets, excluded, layers, List.of(name));
  }

  /**
   * Whether a module is held whole, or lies in one that is. As in peft that is one whose path ends
   * with a name of {@code modules_to_save}, also where the name begins in the middle of a word.
   */
  public boolean isSaved(String modulePath) {
    for (int end = modulePath.length(); end > 0; end = modulePath.lastIndexOf('.', end - 1)) {
      String path = modulePath.substring(0, end);
      if (saved.stream().anyMatch(path::endsWith)) {
        return true;
      }
    }
    return false;
  }

  /** Whether it carries no branch because of {@code modules_to_save}: peft then reads regexes. */
  private boolean liesInSaved(String modulePath) {
    return saved.stream()
        .anyMatch(name -> ModulePattern.ofPart("modules_to_save", name).matches(modulePath));
  }
}
