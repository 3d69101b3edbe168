package dev.cantilever.hub.torch;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A tensor of an archive: a view of its storage.
 *
 * @param position of the view's first element in the archive
 * @param strides elements from one index of each axis to the next, not negative
 * @param storagePosition of the storage's first byte
 * @param storageBytes its size; no element of the view lies outside
 */
public record TorchTensor(
    String name,
    DType dtype,
    Shape shape,
    List<Long> strides,
    long position,
    long storagePosition,
    long storageBytes) {

  /** What is mapped at once; a multiple of every element size. */
  private static final long WINDOW_BYTES = 1 << 30;

  /** Copies the list. */
  public TorchTensor {
    strides = List.copyOf(strides);
  }

  /** Whether its elements lie one after another in row-major order. */
  public boolean contiguous() {
    long expected = 1;
    for (int axis = shape.rank() - 1; axis >= 0; axis--) {
      if (shape.dim(axis) != 1 && strides.get(axis) != expected) {
        return shape.elements() == 0;
      }
      expected *= shape.dim(axis);
    }
    return true;
  }

  /** Whether another name is one for the same elements in the same order. */
  public boolean sameAs(TorchTensor other) {
    return dtype == other.dtype
        && position == other.position
        && shape.equals(other.shape)
        && (strides.equals(other.strides) || contiguous() && other.contiguous());
  }

  /**
   * Fills the rest of a buffer with elements in row-major order, little-endian.
   *
   * @param source the archive
   * @param first index of the first element
   * @param to a whole number of elements, no more than there are
   */
  public void read(ByteSource source, long first, ByteBuffer to) throws IOException {
    if (contiguous()) {
      source.read(position + first * dtype.bytes(), to);
      return;
    }
    if (source.size() < storagePosition + storageBytes) {
      throw new EOFException("The storage of '%s' is cut short".formatted(name));
    }
    gather(new Windows(source), first, to);
  }

  private void gather(Windows windows, long first, ByteBuffer to) throws IOException {
    int size = dtype.bytes();
    int last = shape.rank() - 1;
    long[] index = new long[shape.rank()];
    long left = first;
    long at = position - storagePosition;
    for (int axis = last; axis >= 0; axis--) {
      index[axis] = left % shape.dim(axis);
      left /= shape.dim(axis);
      at += index[axis] * strides.get(axis) * size;
    }
    while (to.hasRemaining()) {
      windows.move(at, to, size);
      for (int axis = last; axis >= 0; axis--) {
        at += strides.get(axis) * size;
        if (++index[axis] < shape.dim(axis)) {
          break;
        }
        at -= index[axis] * strides.get(axis) * size;
        index[axis] = 0;
      }
    }
  }

  /** The storage, mapped as far as it has been asked for. */
  private final class Windows {
    private final ByteSource source;
    private final ByteBuffer[] mapped =
        new ByteBuffer[(int) ((storageBytes + WINDOW_BYTES - 1) / WINDOW_BYTES)];

    Windows(ByteSource source) {
      this.source = source;
    }

    /** Moves an element from an offset in the storage. */
    void move(long offset, ByteBuffer to, int size) throws IOException {
      int window = (int) (offset / WINDOW_BYTES);
      ByteBuffer from = mapped[window];
      if (from == null) {
        long start = window * WINDOW_BYTES;
        from =
            source.map(storagePosition + start, (int) Math.min(WINDOW_BYTES, storageBytes - start));
        mapped[window] = from;
      }
      int at = (int) (offset % WINDOW_BYTES);
      for (int i = 0; i < size; i++) {
        to.put(from.get(at + i));
      }
    }
  }
}
