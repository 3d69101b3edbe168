package dev.cantilever.hub;

import dev.cantilever.memory.NativeWindow;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The matrix [in, out], as transformers' {@code Conv1D} has it; the bias as it is. */
public record TransposedStorage() implements LinearStorage {

  /** Rows of the file that are read before anything is written: their elements lie side by side. */
  private static final int BAND = 32;

  @Override
  public Shape stored(Shape shape) {
    return shape.rank() == 2 ? Shape.of(shape.dim(1), shape.dim(0)) : shape;
  }

  @Override
  public boolean transposed() {
    return true;
  }

  /** Reads of each row of the file the run of outputs that the part has elements of. */
  @Override
  public void read(TensorFile file, TensorEntry entry, long offset, long bytes, long address)
      throws IOException {
    if (bytes == 0 || entry.shape().rank() == 1) {
      file.read(entry, offset, bytes, address);
      return;
    }
    int size = entry.dtype().bytes();
    long in = entry.shape().dim(0);
    long out = entry.shape().dim(1);
    long first = offset / size;
    long end = first + bytes / size;
    long firstOutput = first / in;
    int outputs = Math.toIntExact((end - 1) / in + 1 - firstOutput);
    int rows = (int) Math.min(BAND, in);
    ByteBuffer band =
        ByteBuffer.allocate(Math.multiplyExact(rows * size, outputs))
            .order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer part = NativeWindow.of(address, Math.toIntExact(bytes));
    for (long row = 0; row < in; row += rows) {
      int count = (int) Math.min(rows, in - row);
      for (int i = 0; i < count; i++) {
        band.limit((i + 1) * outputs * size).position(i * outputs * size);
        file.read(entry, ((row + i) * out + firstOutput) * size, band);
      }
      for (int output = 0; output < outputs; output++) {
        long at = (firstOutput + output) * in + row;
        int from = (int) Math.max(0, first - at);
        int to = (int) Math.min(count, end - at);
        for (int i = from; i < to; i++) {
          move(part, (int) (at + i - first) * size, band, (i * outputs + output) * size, size);
        }
      }
    }
  }

  private static void move(ByteBuffer to, int at, ByteBuffer from, int index, int size) {
    switch (size) {
      case Short.BYTES -> to.putShort(at, from.getShort(index));
      case Integer.BYTES -> to.putInt(at, from.getInt(index));
      default -> to.putLong(at, from.getLong(index));
    }
  }
}
