package dev.cantilever.hub;

import dev.cantilever.tensor.Shape;
import java.io.IOException;

/**
 * How a checkpoint keeps a linear layer that a model computes with as [out, in], and with its
 * outputs in the model's order. The difference is undone where tensors are read, and made again
 * where an adapter is written.
 */
public sealed interface LinearStorage
    permits PlainStorage, TransposedStorage, RotaryPairStorage, ConvolutionStorage {

  /** The shape in the file of a matrix [out, in] or a bias [out]. */
  default Shape stored(Shape shape) {
    return shape;
  }

  /** Whether the matrix is [in, out], which peft calls {@code fan_in_fan_out}. */
  default boolean transposed() {
    return false;
  }

  /** The file's output that is the model's {@code output}. */
  default int storedOutput(int output) {
    return output;
  }

  /**
   * Copies bytes of a matrix or bias to host memory, as the model has it.
   *
   * @param file where it is stored
   * @param entry where it lies in the file
   * @param offset bytes from its start as the model has it, whole elements
   * @param bytes size of what is copied, whole elements
   * @param address where {@code bytes} writable bytes lie
   * @throws IOException if the file cannot be read
   */
  void read(TensorFile file, TensorEntry entry, long offset, long bytes, long address)
      throws IOException;
}
