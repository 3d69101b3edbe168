package dev.cantilever.tensor;

import dev.cantilever.OpsException;
import java.util.Arrays;

/**
 * The type of a tensor's elements, in memory and in a safetensors file. The constants carry the
 * names that the safetensors format gives them.
 */
public enum DType {
  /** IEEE binary64. */
  F64(8),
  /** IEEE binary32. */
  F32(4),
  /** IEEE binary16. */
  F16(2),
  /** The upper half of a binary32: 8 exponent bits, 7 fraction bits. */
  BF16(2),
  I64(8),
  I32(4),
  I16(2),
  I8(1),
  U8(1),
  /** One byte per element, 0 or 1. */
  BOOL(1);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes per element. */
  public int bytes() {
    return bytes;
  }

  /** Whether the elements are floating-point numbers. */
  public boolean isFloatingPoint() {
    return this == F64 || this == F32 || this == F16 || this == BF16;
  }

  /** The name a safetensors header uses, for example {@code "BF16"}. */
  public String safetensorsName() {
    return name();
  }

  /**
   * The type that a safetensors header names.
   *
   * @throws OpsException listing the legal names, if there is no such type here
   */
  public static DType fromSafetensors(String name) {
    for (DType type : values()) {
      if (type.name().equals(name)) {
        return type;
      }
    }
    throw new OpsException(
        "Expected one of the element types %s, found '%s'. Convert the tensor to one of them."
            .formatted(Arrays.toString(values()), name));
  }
}
