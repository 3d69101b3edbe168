package dev.cantilever.update;

import dev.cantilever.host.KeptValues;
import java.io.Serializable;

/**
 * The section {@code update}: how an update runs on its device. No setting here changes a result in
 * int8 mode {@code weight-only}.
 *
 * @param maxTokens most tokens of one pass, each row counted as long as the longest there can be; a
 *     mini-batch that has more goes in turns, its gradients summed, and a plan may lower it
 * @param keep the most that stays from forward to backward; a plan may lower it
 */
public record UpdateSpec(int maxTokens, KeptValues keep) implements Serializable {

  /**
   * 2048 tokens a pass, products kept: what else could be is elementwise, had again for next to
   * nothing, and takes as much memory as two thirds of the products.
   */
  public static UpdateSpec defaults() {
    return new UpdateSpec(2048, KeptValues.PRODUCTS);
  }

  /** Checks the number. */
  public UpdateSpec {
    if (maxTokens < 1) {
      throw new IllegalArgumentException("expected max_tokens of at least 1, got " + maxTokens);
    }
  }
}
