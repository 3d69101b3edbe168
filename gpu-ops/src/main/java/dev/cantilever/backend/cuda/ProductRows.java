package dev.cantilever.backend.cuda;

import dev.cantilever.tensor.Tensor;
import java.util.Optional;

/**
 * The rows of a product with a frozen weight.
 *
 * @param target [N, M] F32, what is written
 * @param source [N, K] F32, what is read
 * @param addend [N, M] F32, what each finished sum is added to; may be the target itself
 */
record ProductRows(Tensor target, Tensor source, Optional<Tensor> addend) {

  /** Rows that overwrite their target, or add to what it holds. */
  static ProductRows of(Tensor target, Tensor source, boolean accumulate) {
    return new ProductRows(target, source, accumulate ? Optional.of(target) : Optional.empty());
  }

  /** N. */
  int count() {
    return source.size(0);
  }

  /** The rows {@code [from, to)}. */
  ProductRows slice(int from, int to) {
    return new ProductRows(
        target.slice(from, to), source.slice(from, to), addend.map(rows -> rows.slice(from, to)));
  }
}
