package dev.cantilever.hub;

import dev.cantilever.memory.NativeWindow;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A convolution [out, in / groups, kernel], as torch's {@code Conv1d} has it, of which the model
 * has a product with the neighbours side by side: [out, kernel·in], where input t·in + i is channel
 * i of the neighbour t. What a group does not read is zero.
 *
 * @param kernel neighbours of a place, itself among them
 * @param groups parts of inputs and outputs
 */
public record ConvolutionStorage(int kernel, int groups) implements LinearStorage {

  /** An element of the widest type. */
  private static final byte[] ZERO = new byte[Long.BYTES];

  @Override
  public Shape stored(Shape shape) {
    return shape.rank() == 2
        ? Shape.of(shape.dim(0), shape.dim(1) / kernel / groups, kernel)
        : shape;
  }

  /** Reads each row of the file that the part has elements of. */
  @Override
  public void read(TensorFile file, TensorEntry entry, long offset, long bytes, long address)
      throws IOException {
    if (bytes == 0 || entry.shape().rank() == 1) {
      file.read(entry, offset, bytes, address);
      return;
    }
    int size = entry.dtype().bytes();
    int channels = Math.toIntExact(entry.shape().dim(1));
    int columns = Math.toIntExact(Math.multiplyExact((long) channels * groups, kernel));
    long outputs = entry.shape().dim(0);
    ByteBuffer row = ByteBuffer.allocate(channels * kernel * size);
    ByteBuffer part = NativeWindow.of(address, Math.toIntExact(bytes));
    long end = (offset + bytes) / size;
    for (long at = offset / size; at < end; ) {
      long output = at / columns;
      file.read(entry, output * row.capacity(), row.clear());
      long rowEnd = Math.min(end, (output + 1) * columns);
      int first = Math.toIntExact(output * groups / outputs) * channels;
      for (; at < rowEnd; at++) {
        int column = (int) (at % columns);
        int tap = column / (channels * groups);
        int channel = column % (channels * groups) - first;
        int to = (int) (at * size - offset);
        if (channel >= 0 && channel < channels) {
          part.put(to, row, (channel * kernel + tap) * size, size);
        } else {
          part.put(to, ZERO, 0, size);
        }
      }
    }
  }
}
