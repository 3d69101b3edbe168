package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;

/** What is said of values that {@link LossOps} cannot work with, the same on every backend. */
public final class LossFaults {

  private LossFaults() {}

  /** A target that names no entry of the vocabulary. */
  public static ShapeException target(String op, int vocabulary, int target, int row) {
    return new ShapeException(
        "%s: expected targets in [0, %d), got %d in row %d. Check that tokenizer and checkpoint belong together."
            .formatted(op, vocabulary, target, row));
  }

  /**
   * A logit that is not finite, or is not once it is scaled.
   *
   * @param name of the tensor of hidden states
   */
  public static NotFiniteException logit(
      String op, float found, int row, String name, Tensor hidden) {
    return notFinite(op, "logits", found, row, name, hidden);
  }

  /** A gradient of a log-probability that is not finite. */
  public static NotFiniteException gradient(String op, float found, int row, Tensor dLogprobs) {
    return notFinite(op, "gradients", found, row, "dLogprobs", dLogprobs);
  }

  private static NotFiniteException notFinite(
      String op, String what, float found, int row, String name, Tensor tensor) {
    return new NotFiniteException(
        "%s: expected finite %s, found %s in row %d of %s %s. Lower the learning rate, or look for the layer that overflows."
            .formatted(op, what, found, row, name, tensor));
  }
}
