package dev.cantilever.backend.cuda;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.Optional;

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

  /** Of a tensor that may be missing; where it is, the code says nothing. */
  static int of(Optional<Tensor> tensor) {
    return tensor.map(present -> of(present.dtype())).orElse(0);
  }
}
