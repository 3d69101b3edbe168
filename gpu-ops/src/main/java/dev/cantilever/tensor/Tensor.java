package dev.cantilever.tensor;

import dev.cantilever.memory.Arena;

/**
 * A dense, row-major array on a device: element type, shape and address. Data only; arithmetic is
 * the backend's, lifetime the arena's.
 */
public final class Tensor {

  private final DType dtype;
  private final Shape shape;
  private final long address;

  private Tensor(DType dtype, Shape shape, long address) {
    this.dtype = dtype;
    this.shape = shape;
    this.address = address;
  }

  /** Makes a tensor of undefined content in {@code arena}. */
  public static Tensor in(Arena arena, DType dtype, Shape shape) {
    return new Tensor(dtype, shape, arena.allocate(shape.bytes(dtype)));
  }

  /** Makes a tensor of undefined content in {@code arena}, its dimensions given one by one. */
  public static Tensor in(Arena arena, DType dtype, long... dims) {
    return in(arena, dtype, Shape.of(dims));
  }

  /** A view of memory that somebody else keeps alive. */
  public static Tensor at(long address, DType dtype, Shape shape) {
    return new Tensor(dtype, shape, address);
  }

  /** Element type. */
  public DType dtype() {
    return dtype;
  }

  /** Dimensions. */
  public Shape shape() {
    return shape;
  }

  /** Address of the first element, on the device the arena belongs to. */
  public long address() {
    return address;
  }

  /** Size of dimension {@code axis}. */
  public long dim(int axis) {
    return shape.dim(axis);
  }

  /** Size of dimension {@code axis} where it must fit an int, as every axis a kernel loops over. */
  public int size(int axis) {
    return Math.toIntExact(shape.dim(axis));
  }

  /** Number of elements. */
  public long elements() {
    return shape.elements();
  }

  /** Bytes of all elements. */
  public long bytes() {
    return shape.bytes(dtype);
  }

  /**
   * The slice {@code [from, to)} along the first dimension, sharing memory.
   *
   * @throws IndexOutOfBoundsException if the range is not inside
   */
  public Tensor slice(long from, long to) {
    if (from < 0 || to < from || to > shape.dim(0)) {
      throw new IndexOutOfBoundsException(
          "Expected a range inside [0, " + shape.dim(0) + "), got [" + from + ", " + to + ")");
    }
    long[] dims = new long[shape.rank()];
    long stride = dtype.bytes();
    for (int axis = 0; axis < dims.length; axis++) {
      dims[axis] = axis == 0 ? to - from : shape.dim(axis);
      stride *= axis == 0 ? 1 : shape.dim(axis);
    }
    return new Tensor(dtype, Shape.of(dims), address + from * stride);
  }

  /**
   * The same bytes under another shape of as many elements.
   *
   * @throws IllegalArgumentException if the number of elements differs
   */
  public Tensor reshape(long... dims) {
    Shape target = Shape.of(dims);
    if (target.elements() != shape.elements()) {
      throw new IllegalArgumentException(
          "Expected a shape of "
              + shape.elements()
              + " elements as in "
              + shape
              + ", got "
              + target);
    }
    return new Tensor(dtype, target, address);
  }

  @Override
  public String toString() {
    return dtype + shape.toString();
  }
}
