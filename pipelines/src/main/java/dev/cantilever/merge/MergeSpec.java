package dev.cantilever.merge;

import dev.cantilever.recipe.UsageException;
import java.io.Serializable;

/**
 * What is merged into what, and where the result goes. There is nothing to choose beside the three
 * paths: the result is stored as the base is.
 *
 * @param model directory of the base in HF layout
 * @param adapter directory of the adapter in PEFT layout
 * @param out directory of the result; does not exist yet, or is empty
 */
public record MergeSpec(String model, String adapter, String out) implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Checks that all three are given. */
  public MergeSpec {
    if (model.isBlank() || adapter.isBlank() || out.isBlank()) {
      throw new UsageException(
          "expected directories of model, adapter and out, got '"
              + model
              + "', '"
              + adapter
              + "' and '"
              + out
              + "'; name all three");
    }
  }
}
