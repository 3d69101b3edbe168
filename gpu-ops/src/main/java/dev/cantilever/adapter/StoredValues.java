package dev.cantilever.adapter;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.HalfPrecision;

/** Values as a checkpoint stores them. */
final class StoredValues {

  private StoredValues() {}

  /** The bits of a value in a 16-bit type, rounded to nearest. */
  static short bits(float value, DType dtype) {
    return switch (dtype) {
      case F16 -> HalfPrecision.f32ToF16(value);
      case BF16 -> HalfPrecision.f32ToBf16(value);
      default -> throw new IllegalArgumentException("Expected a 16-bit type, got " + dtype);
    };
  }

  /** The value that is stored for one of F32: not finite if it is too large for the type. */
  static float rounded(float value, DType dtype) {
    return switch (dtype) {
      case F16 -> HalfPrecision.f16ToF32(HalfPrecision.f32ToF16(value));
      case BF16 -> HalfPrecision.bf16ToF32(HalfPrecision.f32ToBf16(value));
      default -> value;
    };
  }
}
