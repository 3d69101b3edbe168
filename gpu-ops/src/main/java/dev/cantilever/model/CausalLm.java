package dev.cantilever.model;

import dev.cantilever.tensor.Weight;

/**
 * A causal language model: a transformer and the output head, kept apart so that losses can run the
 * head in chunks.
 *
 * @param transformer everything before the head
 * @param head [V, C]
 */
public record CausalLm(Transformer transformer, Weight head) {

  /** V. */
  public int vocabSize() {
    return head.outFeatures();
  }

  /** The description. */
  public Architecture architecture() {
    return transformer.architecture();
  }
}
