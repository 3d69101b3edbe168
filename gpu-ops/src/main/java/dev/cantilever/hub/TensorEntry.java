package dev.cantilever.hub;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;

/**
 * A tensor in a safetensors file, as its checked header describes it. Elements are row-major,
 * little-endian and packed.
 *
 * @param offset where its first byte lies, counted from the first byte after the header
 * @param bytes its size, equal to {@code shape.bytes(dtype)}
 */
public record TensorEntry(String name, DType dtype, Shape shape, long offset, long bytes) {

  public TensorEntry {
    if (offset < 0 || bytes != shape.bytes(dtype)) {
      throw new CheckpointException(
          "Expected tensor '%s' %s %s to take %d bytes from an offset of at least 0, found %d bytes"
                  .formatted(name, dtype, shape, shape.bytes(dtype), bytes)
              + " at %d. Read entries from a SafetensorsFile.".formatted(offset));
    }
  }
}
