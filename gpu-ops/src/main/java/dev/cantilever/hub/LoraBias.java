package dev.cantilever.hub;

import java.util.Locale;

/** Which biases of the base an adapter changes: peft's {@code bias}. */
public enum LoraBias {
  /** None. */
  NONE,
  /** Those of the linear layers that carry a branch. */
  LORA_ONLY,
  /** Every one of the model. */
  ALL;

  /** As in the file. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
