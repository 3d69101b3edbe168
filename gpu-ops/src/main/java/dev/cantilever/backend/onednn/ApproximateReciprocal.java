package dev.cantilever.backend.onednn;

import dev.cantilever.tensor.HalfPrecision;

/**
 * 1 / a as an NVIDIA GPU's {@code rcp.approx.ftz.f32} gives it, for the a that binary16 holds.
 *
 * <p>bitsandbytes takes the scale of a row from {@code __fdividef(127, absmax)}, which is 127 times
 * this reciprocal, absmax being the largest magnitude of values in binary16. Where x · 127 / absmax
 * is a tie, the last bit of the reciprocal decides the integer; with the device's own, our weights
 * are bitsandbytes' to the integer.
 *
 * <p>The device's result is the correctly rounded reciprocal, or one unit in the last place to
 * either side, by a table that is its own and not documented. Measured on an NVIDIA H100 (sm_90)
 * over all 1024 significands with every exponent from 2^-24 to 2^15: the offset depends on the
 * significand alone; it is -1 for 40 of them and +1 for 90. That 127 times it is {@code
 * __fdividef(127, a)} was checked over all 2^23 significands of fp32.
 *
 * <p>An absmax that is not in binary16, from weights in bf16 or fp32 or from activations, has no
 * counterpart: bitsandbytes rounds the values to binary16 first, which would lose those beyond
 * 65504. It gets the correctly rounded reciprocal.
 */
final class ApproximateReciprocal {

  /** Ten-bit fractions, in hex, at which the device is one unit below the nearest float. */
  private static final String BELOW =
      "006 00e 020 02e 03e 046 04d 056 057 058 07e 07f 087 0a0 0b0 0b3 0d6 0db 0dd 112 "
          + "11f 145 15d 191 19f 1bb 1bd 1d9 1da 22e 266 2ef 30f 3b6 3ba 3bc 3bd 3c5 3f2 3f8";

  /** Those at which it is one unit above. */
  private static final String ABOVE =
      "00b 011 012 014 030 05b 061 062 068 069 071 08a 093 094 099 0cb 0cc 0d1 0e1 0e2 "
          + "0fc 104 128 12a 130 131 15a 173 182 18b 18c 193 198 199 1a1 1a9 1b7 1c1 1c5 1c6 "
          + "1ca 1d3 1e1 1e8 1f2 1f9 1fb 207 208 209 210 213 21f 223 233 234 273 287 288 28a "
          + "28b 29b 2a3 2a4 2af 2bc 2bd 2d4 2d8 311 312 313 315 325 327 32d 337 368 36a 36c "
          + "36e 37d 398 39b 3a0 3b0 3c8 3db 3dc 3e5";

  private static final int FRACTION_BITS = 10;
  private static final int DROPPED_BITS = 23 - FRACTION_BITS;

  private static final byte[] OFFSETS = offsets();

  private ApproximateReciprocal() {}

  /** The reciprocal of a positive number. */
  static float of(float value) {
    float nearest = 1 / value;
    return isBinary16(value)
        ? Float.intBitsToFloat(Float.floatToRawIntBits(nearest) + OFFSETS[fraction(value)])
        : nearest;
  }

  /** Of a subnormal binary16 too: in fp32 it is a normal number with few fraction bits. */
  private static boolean isBinary16(float value) {
    return HalfPrecision.f16ToF32(HalfPrecision.f32ToF16(value)) == value;
  }

  private static int fraction(float value) {
    return Float.floatToRawIntBits(value) >>> DROPPED_BITS & (1 << FRACTION_BITS) - 1;
  }

  private static byte[] offsets() {
    byte[] offsets = new byte[1 << FRACTION_BITS];
    for (String fraction : BELOW.split(" ")) {
      offsets[Integer.parseInt(fraction, 16)] = -1;
    }
    for (String fraction : ABOVE.split(" ")) {
      offsets[Integer.parseInt(fraction, 16)] = 1;
    }
    return offsets;
  }
}
