package dev.cantilever.backend;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * What a tensor among the arguments of an operation has to be. A refusal names the operation, the
 * argument, every expected axis and what was found.
 */
final class ArgumentShapes {

  static final DType[] F32 = {DType.F32};
  static final DType[] F64 = {DType.F64};
  static final DType[] I32 = {DType.I32};
  static final DType[] FLOATS = {DType.F32, DType.F16, DType.BF16};

  private ArgumentShapes() {}

  /**
   * The dimensions of a tensor that states its axes itself: only its element type and the number of
   * its axes are demanded.
   */
  static long[] axes(String op, String name, Tensor tensor, DType[] types, String axes) {
    List<Long> dims = tensor.shape().dims();
    if (!Arrays.asList(types).contains(tensor.dtype()) || dims.size() != axes.split(", ").length) {
      throw refused(op, name, "[" + axes + "]", types, tensor);
    }
    return dims.stream().mapToLong(Long::longValue).toArray();
  }

  /** Refuses a tensor of other axes or element type. */
  static void require(
      String op, String name, Tensor tensor, DType[] types, String axes, long... dims) {
    if (Arrays.asList(types).contains(tensor.dtype()) && tensor.shape().equals(Shape.of(dims))) {
      return;
    }
    String[] letters = axes.split(", ");
    StringBuilder expected = new StringBuilder("[");
    for (int axis = 0; axis < dims.length; axis++) {
      expected.append(axis == 0 ? "" : ", ").append(letters[axis]).append('=').append(dims[axis]);
    }
    throw refused(op, name, expected.append(']').toString(), types, tensor);
  }

  private static ShapeException refused(
      String op, String name, String expected, DType[] types, Tensor tensor) {
    return new ShapeException(
        op
            + ": expected "
            + name
            + " "
            + expected
            + " of "
            + Arrays.toString(types)
            + ", got "
            + tensor);
  }
}
