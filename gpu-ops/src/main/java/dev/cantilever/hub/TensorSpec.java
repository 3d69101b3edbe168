package dev.cantilever.hub;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;

/**
 * A tensor that will be written: its name in the file, the type it is stored in, its shape.
 *
 * @param name not empty, at most {@value SafetensorsHeader#MAX_NAME} characters, not the header's
 *     own key
 */
public record TensorSpec(String name, DType dtype, Shape shape) {

  public TensorSpec {
    if (name.isEmpty()
        || name.length() > SafetensorsHeader.MAX_NAME
        || name.equals(SafetensorsHeader.METADATA)) {
      throw new CheckpointException(
          "Expected a tensor name of 1 to %d characters other than '%s', found '%s'. Rename it."
              .formatted(SafetensorsHeader.MAX_NAME, SafetensorsHeader.METADATA, name));
    }
    if (shape.rank() > SafetensorsHeader.MAX_RANK) {
      throw new CheckpointException(
          "Expected at most %d dimensions for tensor '%s', found %s. Reshape it."
              .formatted(SafetensorsHeader.MAX_RANK, name, shape));
    }
  }

  /** The stored size. */
  public long bytes() {
    return shape.bytes(dtype);
  }
}
