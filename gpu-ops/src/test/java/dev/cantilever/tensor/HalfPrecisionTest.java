package dev.cantilever.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HalfPrecisionTest {

  @Test
  void f16_everyPattern_widensToItsValueAndBack() {
    for (int bits = 0; bits < 0x10000; bits++) {
      float value = HalfPrecision.f16ToF32((short) bits);
      assertThat(HalfPrecision.f32ToF16(value)).as("%04x", bits).isEqualTo((short) bits);
      if ((bits & 0x7c00) == 0x7c00) {
        assertThat(Float.isNaN(value)).isEqualTo((bits & 0x3ff) != 0);
        assertThat(Float.isInfinite(value)).isEqualTo((bits & 0x3ff) == 0);
      } else {
        assertThat((double) value).as("%04x", bits).isEqualTo(definition(bits));
      }
    }
  }

  @Test
  void bf16_everyPattern_widensAndNarrowsToItself() {
    for (int bits = 0; bits < 0x10000; bits++) {
      float value = HalfPrecision.bf16ToF32((short) bits);
      assertThat(Float.floatToRawIntBits(value)).isEqualTo(bits << 16);
      assertThat(HalfPrecision.f32ToBf16(value)).as("%04x", bits).isEqualTo((short) bits);
    }
  }

  @Test
  void f16_betweenNeighbours_roundsToNearestAndTiesToEven() {
    for (int bits = 0; bits < 0x7bff; bits++) {
      float low = HalfPrecision.f16ToF32((short) bits);
      float high = HalfPrecision.f16ToF32((short) (bits + 1));
      float middle = (low + high) / 2; // exact: 12 bits suffice
      int even = (bits & 1) == 0 ? bits : bits + 1;
      assertThat(HalfPrecision.f32ToF16(middle)).as("%04x", bits).isEqualTo((short) even);
      assertThat(HalfPrecision.f32ToF16(Math.nextDown(middle))).isEqualTo((short) bits);
      assertThat(HalfPrecision.f32ToF16(Math.nextUp(middle))).isEqualTo((short) (bits + 1));
      assertThat(HalfPrecision.f32ToF16(-middle)).isEqualTo((short) (even | 0x8000));
    }
  }

  @Test
  void bf16_randomFloats_roundToNearestAndTiesToEven() {
    Random random = new Random(17);
    for (int i = 0; i < 100_000; i++) {
      float value = Float.intBitsToFloat((random.nextInt() & 0x7f7f0000) | random.nextInt(0x10000));
      int low = Float.floatToRawIntBits(value) >>> 16;
      int rest = Float.floatToRawIntBits(value) & 0xffff;
      boolean up = rest > 0x8000 || (rest == 0x8000 && (low & 1) == 1);
      assertThat(HalfPrecision.f32ToBf16(value)).isEqualTo((short) (up ? low + 1 : low));
    }
  }

  @Test
  void narrowing_beyondTheRange_becomesInfiniteAndIsCounted() {
    float[] values = {65519.99f, 65520f, -1e9f, Float.POSITIVE_INFINITY, Float.NaN, 1e-9f};
    ByteBuffer bytes = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);

    assertThat(HalfPrecision.f32ToF16(values, 0, 6, bytes)).isEqualTo(2);

    float[] back = new float[6];
    HalfPrecision.f16ToF32(bytes.flip(), back, 0, 6);
    assertThat(back)
        .containsExactly(
            HalfPrecision.MAX_F16,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            Float.POSITIVE_INFINITY,
            Float.NaN,
            0f);
    assertThat(HalfPrecision.f32ToBf16(new float[] {Float.MAX_VALUE, 3e38f}, new short[2]))
        .isEqualTo(1);
  }

  @Test
  void arrays_thereAndBack_areEqual() {
    float[] values = {1.5f, -2f, 0f, 0x1p-24f, 1024f};
    short[] half = new short[5];
    float[] back = new float[5];

    assertThat(HalfPrecision.f32ToF16(values, half)).isZero();
    HalfPrecision.f16ToF32(half, back);
    assertThat(back).containsExactly(values);

    assertThat(HalfPrecision.f32ToBf16(values, half)).isZero();
    HalfPrecision.bf16ToF32(half, back);
    assertThat(back).containsExactly(values);
  }

  @Test
  void narrowing_nanWithLowPayloadOnly_staysNan() {
    float nan = Float.intBitsToFloat(0x7f800001);

    assertThat(HalfPrecision.f16ToF32(HalfPrecision.f32ToF16(nan))).isNaN();
    assertThat(HalfPrecision.bf16ToF32(HalfPrecision.f32ToBf16(nan))).isNaN();
  }

  /** IEEE 754: sign, 5 exponent bits biased by 15, 10 fraction bits. */
  private static double definition(int bits) {
    int exponent = (bits >> 10) & 0x1f;
    int fraction = bits & 0x3ff;
    double size =
        exponent == 0
            ? fraction * Math.pow(2, -24)
            : (1 + fraction / 1024.0) * Math.pow(2, exponent - 15);
    return (bits & 0x8000) == 0 ? size : -size;
  }
}
