package dev.cantilever.backend.cuda;

import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * The rows of a product with a frozen weight, or of a sum of such products.
 *
 * @param target [N, M] F32, what is written
 * @param sources [N, K] F32 of each product, what is read
 * @param addend [N, M] F32, what each finished sum is added to; may be the target itself
 */
record ProductRows(Tensor target, List<Tensor> sources, Optional<Tensor> addend) {

  /** Copies the list. */
  ProductRows {
    sources = List.copyOf(sources);
  }

  /** Rows of one product. */
  static ProductRows of(Tensor target, Tensor source, Optional<Tensor> addend) {
    return new ProductRows(target, List.of(source), addend);
  }

  /** Rows that overwrite their target, or add to what it holds. */
  static ProductRows of(Tensor target, Tensor source, boolean accumulate) {
    return of(target, source, accumulate ? Optional.of(target) : Optional.empty());
  }

  /** N. */
  int count() {
    return target.size(0);
  }

  /** What the one product reads. */
  Tensor source() {
    return sources.get(0);
  }

  /** The rows {@code [from, to)}. */
  ProductRows slice(int from, int to) {
    return new ProductRows(
        target.slice(from, to),
        sources.stream().map(rows -> rows.slice(from, to)).toList(),
        addend.map(rows -> rows.slice(from, to)));
  }
}
