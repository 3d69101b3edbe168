package dev.cantilever.backend.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.tensor.HalfPrecision;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ApproximateReciprocalTest {

  @Test
  void of_allSignificands_isOffTheNearestAsOftenAsMeasured() {
    Map<Integer, Integer> counts = new TreeMap<>();
    for (int fraction = 0; fraction < 1024; fraction++) {
      counts.merge(offset(significand(fraction)), 1, Integer::sum);
    }

    assertThat(counts).isEqualTo(Map.of(-1, 40, 0, 894, 1, 90));
  }

  @Test
  void of_everyPositiveBinary16_hasTheOffsetOfItsSignificand() {
    for (int bits = 1; bits < 0x7c00; bits++) {
      float value = HalfPrecision.f16ToF32((short) bits);

      int expected = offset(Math.scalb(value, -Math.getExponent(value)));

      assertThat(offset(value)).as("%a", value).isEqualTo(expected);
    }
  }

  /** Rows whose absmax decides integers of bitsandbytes' fixture. */
  @Test
  void of_absmaxOfTheFixture_isOnTheDevicesSide() {
    assertThat(offset(Float.intBitsToFloat(0x3e1b6000))).isEqualTo(-1);
    assertThat(offset(Float.intBitsToFloat(0x3e060000))).isEqualTo(1);
    assertThat(offset(Float.intBitsToFloat(0x3e0ee000))).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      floats = {
        0x1.018002p0f, // between two of binary16, beside one whose offset is -1
        0x1.018p16f, // beyond its range
        0x1.018p-25f, // below it
        0x1.018p-16f, // a subnormal's place, with more digits than it has
        Float.MAX_VALUE
      })
  void of_whatBinary16DoesNotHold_isTheNearestFloat(float value) {
    assertThat(offset(significand(6))).isEqualTo(-1);
    assertThat(offset(value)).isZero();
  }

  private static float significand(int fraction) {
    return 1 + fraction * 0x1p-10f;
  }

  /** How many units in the last place above the nearest float. */
  private static int offset(float value) {
    return Float.floatToRawIntBits(ApproximateReciprocal.of(value))
        - Float.floatToRawIntBits((float) (1.0 / value));
  }
}
