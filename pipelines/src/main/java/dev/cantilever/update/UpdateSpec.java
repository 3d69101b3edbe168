package dev.cantilever.update;

import dev.cantilever.autograd.KeepPlan;
import java.io.Serializable;

/**
 * The section {@code update}: how an update runs on its device. No setting here changes a result.
 *
 * @param maxTokens most tokens of one pass; a mini-batch that has more goes in turns, its gradients
 *     summed
 * @param keep which activations stay from forward to backward
 */
public record UpdateSpec(int maxTokens, Keep keep) implements Serializable {

  /** What a training pass keeps, from the fastest to the smallest. */
  public enum Keep {
    /** Everything that some backward reads. */
    EVERYTHING,
    /** Outputs of products; norms and activations are computed again. */
    PRODUCTS,
    /** Inputs of blocks; each block runs forward a second time. */
    BLOCK_INPUTS;

    KeepPlan plan() {
      return switch (this) {
        case EVERYTHING -> KeepPlan.everything();
        case PRODUCTS -> KeepPlan.products();
        case BLOCK_INPUTS -> KeepPlan.blockInputs();
      };
    }
  }

  /** 2048 tokens a pass, everything kept. */
  public static UpdateSpec defaults() {
    return new UpdateSpec(2048, Keep.EVERYTHING);
  }

  /** Checks the number. */
  public UpdateSpec {
    if (maxTokens < 1) {
      throw new IllegalArgumentException("expected max_tokens of at least 1, got " + maxTokens);
    }
  }
}
