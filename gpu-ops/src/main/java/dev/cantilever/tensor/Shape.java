package dev.cantilever.tensor;

import dev.cantilever.OpsException;
import java.util.ArrayList;
import java.util.List;

/**
 * The dimensions of a tensor, outermost first, checked once when made: none is negative and their
 * product fits a {@code long}. Rank 0 is a scalar of one element; a dimension of 0 makes an empty
 * tensor.
 *
 * @param dims the dimensions; an immutable copy
 */
public record Shape(List<Long> dims) {

  public Shape {
    dims = List.copyOf(dims);
    long product = 1;
    boolean empty = dims.contains(0L);
    for (long dim : dims) {
      if (dim < 0) {
        throw new OpsException(
            "Expected dimensions of at least 0, found %s. Correct the shape.".formatted(dims));
      }
      try {
        product = Math.multiplyExact(product, empty ? 1 : dim);
      } catch (ArithmeticException e) {
        throw new OpsException(
            "Expected fewer than 2^63 elements, found the shape %s. Correct the shape."
                .formatted(dims),
            e);
      }
    }
  }

  /** The shape with these dimensions, outermost first; none for a scalar. */
  public static Shape of(long... dims) {
    List<Long> list = new ArrayList<>(dims.length);
    for (long dim : dims) {
      list.add(dim);
    }
    return new Shape(list);
  }

  /** The number of dimensions. */
  public int rank() {
    return dims.size();
  }

  /**
   * The size of one dimension.
   *
   * @param axis 0 (outermost) to {@code rank() - 1}
   * @throws OpsException if there is no such axis
   */
  public long dim(int axis) {
    if (axis < 0 || axis >= dims.size()) {
      throw new OpsException(
          "Expected an axis from 0 to %d of the shape %s, found %d. Check the tensor's rank."
              .formatted(dims.size() - 1, dims, axis));
    }
    return dims.get(axis);
  }

  /** The product of the dimensions: 1 for a scalar. */
  public long elements() {
    long product = 1;
    for (long dim : dims) {
      product *= dim;
    }
    return product;
  }

  /**
   * The size of a packed tensor of this shape.
   *
   * @throws OpsException if the number of bytes does not fit a {@code long}
   */
  public long bytes(DType type) {
    try {
      return Math.multiplyExact(elements(), type.bytes());
    } catch (ArithmeticException e) {
      throw new OpsException(
          "Expected fewer than 2^63 bytes, found the shape %s of %s. Correct the shape."
              .formatted(dims, type),
          e);
    }
  }

  /** For example {@code [2, 5, 8]}. */
  @Override
  public String toString() {
    return dims.toString();
  }
}
