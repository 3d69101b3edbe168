package dev.cantilever.tensor;

import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * Conversion between 32-bit floats and the two 16-bit formats of checkpoints.
 *
 * <p>Widening is exact for every bit pattern, NaN payloads included. Narrowing rounds to nearest,
 * ties to even (IEEE 754-2019, 4.3.1), through subnormals; a finite value beyond the largest finite
 * one becomes infinite, and the bulk methods count those. A NaN stays a NaN and keeps what fits of
 * its payload. Equal to torch's casts except for NaN payloads.
 */
public final class HalfPrecision {

  /** The largest finite binary16. */
  public static final float MAX_F16 = 65504f;

  private static final int EXPONENT_F32 = 0x7f800000;
  private static final int ABS_F32 = 0x7fffffff;

  private HalfPrecision() {}

  /** The value of a binary16 bit pattern. */
  public static float f16ToF32(short bits) {
    int sign = (bits & 0x8000) << 16;
    int exponent = (bits >>> 10) & 0x1f;
    int fraction = bits & 0x3ff;
    if (exponent == 0x1f) {
      return Float.intBitsToFloat(sign | EXPONENT_F32 | fraction << 13);
    }
    if (exponent == 0) {
      return Float.intBitsToFloat(sign | Float.floatToRawIntBits(fraction * 0x1p-24f));
    }
    return Float.intBitsToFloat(sign | (exponent + 112) << 23 | fraction << 13);
  }

  /** The nearest binary16 bit pattern. */
  public static short f32ToF16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = (bits >>> 16) & 0x8000;
    int abs = bits & ABS_F32;
    if (abs > EXPONENT_F32) {
      int payload = (abs >>> 13) & 0x3ff;
      return (short) (sign | 0x7c00 | (payload == 0 ? 0x200 : payload));
    }
    if (abs >= 0x47800000) { // 2^16 and above
      return (short) (sign | 0x7c00);
    }
    if (abs < 0x38800000) { // below 2^-14: a multiple of 2^-24, or the smallest normal
      return (short) (sign | (int) Math.rint(Float.intBitsToFloat(abs) * 0x1p24));
    }
    // The carry out of the fraction enters the exponent, and from 65520 on makes infinity.
    int rounded = abs + 0xfff + ((abs >>> 13) & 1);
    return (short) (sign | (rounded - 0x38000000) >>> 13);
  }

  /** The value of a bfloat16 bit pattern. */
  public static float bf16ToF32(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** The nearest bfloat16 bit pattern. */
  public static short f32ToBf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if ((bits & ABS_F32) > EXPONENT_F32) {
      int high = bits >>> 16;
      return (short) ((high & 0x7f) == 0 ? high | 0x40 : high);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  /** Widens all of {@code from}, binary16, into the first elements of {@code to}. */
  public static void f16ToF32(short[] from, float[] to) {
    Objects.checkFromIndexSize(0, from.length, to.length);
    for (int i = 0; i < from.length; i++) {
      to[i] = f16ToF32(from[i]);
    }
  }

  /** Widens all of {@code from}, bfloat16, into the first elements of {@code to}. */
  public static void bf16ToF32(short[] from, float[] to) {
    Objects.checkFromIndexSize(0, from.length, to.length);
    for (int i = 0; i < from.length; i++) {
      to[i] = bf16ToF32(from[i]);
    }
  }

  /**
   * Narrows all of {@code from} to binary16 in the first elements of {@code to}.
   *
   * @return how many finite values became infinite
   */
  public static int f32ToF16(float[] from, short[] to) {
    Objects.checkFromIndexSize(0, from.length, to.length);
    int overflows = 0;
    for (int i = 0; i < from.length; i++) {
      to[i] = f32ToF16(from[i]);
      overflows += overflowsF16(from[i], to[i]) ? 1 : 0;
    }
    return overflows;
  }

  /**
   * Narrows all of {@code from} to bfloat16 in the first elements of {@code to}.
   *
   * @return how many finite values became infinite
   */
  public static int f32ToBf16(float[] from, short[] to) {
    Objects.checkFromIndexSize(0, from.length, to.length);
    int overflows = 0;
    for (int i = 0; i < from.length; i++) {
      to[i] = f32ToBf16(from[i]);
      overflows += overflowsBf16(from[i], to[i]) ? 1 : 0;
    }
    return overflows;
  }

  /** Widens {@code count} binary16 values from the buffer's position, in the buffer's order. */
  public static void f16ToF32(ByteBuffer from, float[] to, int start, int count) {
    Objects.checkFromIndexSize(start, count, to.length);
    for (int i = start; i < start + count; i++) {
      to[i] = f16ToF32(from.getShort());
    }
  }

  /** Widens {@code count} bfloat16 values from the buffer's position, in the buffer's order. */
  public static void bf16ToF32(ByteBuffer from, float[] to, int start, int count) {
    Objects.checkFromIndexSize(start, count, to.length);
    for (int i = start; i < start + count; i++) {
      to[i] = bf16ToF32(from.getShort());
    }
  }

  /**
   * Narrows {@code count} values to binary16 at the buffer's position, in the buffer's order.
   *
   * @return how many finite values became infinite
   */
  public static int f32ToF16(float[] from, int start, int count, ByteBuffer to) {
    Objects.checkFromIndexSize(start, count, from.length);
    int overflows = 0;
    for (int i = start; i < start + count; i++) {
      short bits = f32ToF16(from[i]);
      to.putShort(bits);
      overflows += overflowsF16(from[i], bits) ? 1 : 0;
    }
    return overflows;
  }

  /**
   * Narrows {@code count} values to bfloat16 at the buffer's position, in the buffer's order.
   *
   * @return how many finite values became infinite
   */
  public static int f32ToBf16(float[] from, int start, int count, ByteBuffer to) {
    Objects.checkFromIndexSize(start, count, from.length);
    int overflows = 0;
    for (int i = start; i < start + count; i++) {
      short bits = f32ToBf16(from[i]);
      to.putShort(bits);
      overflows += overflowsBf16(from[i], bits) ? 1 : 0;
    }
    return overflows;
  }

  private static boolean overflowsF16(float value, short bits) {
    return (bits & 0x7fff) == 0x7c00 && !Float.isInfinite(value);
  }

  private static boolean overflowsBf16(float value, short bits) {
    return (bits & 0x7fff) == 0x7f80 && !Float.isInfinite(value);
  }
}
