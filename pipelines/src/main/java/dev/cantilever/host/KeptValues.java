package dev.cantilever.host;

import dev.cantilever.autograd.KeepPlan;

/** How much of a training pass stays in memory for its backward; the results are the same. */
public enum KeptValues {
  /** All that some backward reads: the least work, the most memory. */
  EVERYTHING,
  /** Products of matrices; norms and activations are computed again. */
  PRODUCTS,
  /** Block inputs only; each block runs forward a second time: smallest. */
  BLOCK_INPUTS;

  /** The plan as the tape knows it. */
  public KeepPlan plan() {
    return switch (this) {
      case EVERYTHING -> KeepPlan.everything();
      case PRODUCTS -> KeepPlan.products();
      case BLOCK_INPUTS -> KeepPlan.blockInputs();
    };
  }
}
