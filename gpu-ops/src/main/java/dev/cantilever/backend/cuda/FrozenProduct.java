package dev.cantilever.backend.cuda;

import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.Optional;

/**
 * A product of rows rounded to bf16 with a frozen weight: what stays the same for all of its rows,
 * whichever kernels make it.
 *
 * @param m outputs of the product, of the weight's or of its inputs
 * @param k the other dimension, which is summed over
 * @param inputScale [k], folded into the rows before they are rounded
 * @param outputScale [m], of the sums
 */
record FrozenProduct(
    ProductDirection direction,
    Weight w,
    int m,
    int k,
    Optional<Tensor> inputScale,
    Optional<Tensor> outputScale,
    Optional<Tensor> bias) {

  /** y = x·Wᵀ + b. */
  static FrozenProduct forward(Weight w) {
    return new FrozenProduct(
        ProductDirection.FORWARD,
        w,
        w.outFeatures(),
        w.inFeatures(),
        Optional.empty(),
        absmax(w),
        w.bias());
  }

  /** dx = dy·W. The scales of an int8 weight are folded into dy before rounding. */
  static FrozenProduct inputGradient(Weight w) {
    return new FrozenProduct(
        ProductDirection.GRADIENT,
        w,
        w.inFeatures(),
        w.outFeatures(),
        absmax(w),
        Optional.empty(),
        Optional.empty());
  }

  private static Optional<Tensor> absmax(Weight w) {
    return w instanceof Int8Weight int8 ? Optional.of(int8.absmax()) : Optional.empty();
  }

  /** Device address of a weight's numbers. */
  static long data(Weight w) {
    return w instanceof Int8Weight int8
        ? int8.data().address()
        : ((DenseWeight) w).values().address();
  }

  /** Whether rows of a 16-bit weight, which are row-major, can be read 16 bytes at a time. */
  static boolean aligned(Weight w) {
    return w.inFeatures() % 8 == 0 && data(w) % 16 == 0;
  }

  /** How the weight is stored, as kernels name it: {@code INT8} or a type of 16 bits. */
  String kind() {
    return w instanceof DenseWeight dense ? dense.values().dtype().name() : "INT8";
  }
}
