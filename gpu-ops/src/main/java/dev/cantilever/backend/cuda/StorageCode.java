package dev.cantilever.backend.cuda;

import dev.cantilever.tensor.DType;

/** The numbers by which kernels know element types: {@code STORAGE_*} in {@code prelude.cuh}. */
final class StorageCode {

  private StorageCode() {}

  static int of(DType type) {
    return switch (type) {
      case F32 -> 0;
      case F16 -> 1;
      case BF16 -> 2;
      default -> throw new IllegalArgumentException("Expected a floating-point type, got " + type);
    };
  }
}
