package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class PhiloxTest {

  @Test
  void words_knownCounters_giveTheKnownAnswers() {
    // philox 4x32, 10 rounds, of Random123's kat_vectors.
    assertThat(words(0, 0, 0, 0, 0))
        .containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
    assertThat(words(-1L, -1, -1, -1, -1))
        .containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
    assertThat(words(0x299f31d0_a4093822L, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344))
        .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
  }

  private static int[] words(long key, int c0, int c1, int c2, int c3) {
    int[] out = new int[4];
    Philox.words(out, 0, key, c0, c1, c2, c3);
    return out;
  }

  @Test
  void uniform_extremeWords_staysBelowOne() {
    assertThat(Philox.uniform(0)).isZero();
    assertThat(Philox.uniform(-1)).isEqualTo(1 - 0x1p-24f);
    assertThat(Philox.uniform(0, 0)).isZero();
    assertThat(Philox.uniform(-1, -1)).isEqualTo(1 - 0x1p-53);
    assertThat(Philox.uniform(0x80000000, 0)).isEqualTo(0.5);
  }

  @Test
  void key_differentStreams_differ() {
    assertThat(Philox.key(1, 1)).isNotEqualTo(Philox.key(1, 2)).isNotEqualTo(Philox.key(2, 1));
    assertThat(Philox.key(1, 1)).isEqualTo(Philox.key(1, 1));
  }

  @Test
  void fillNormal_manyDraws_hasTheMoments() {
    float[] values = new float[100_000];
    Philox.fillNormal(values, 42, 3, 2);
    double mean = 0;
    double square = 0;
    for (float value : values) {
      mean += value / values.length;
      square += (value - 3.0) * (value - 3.0) / values.length;
    }
    // Five deviations: 5·2/√1e5 for the mean, 5·4·√(2/1e5) for the variance.
    assertThat(mean).isCloseTo(3, within(0.032));
    assertThat(square).isCloseTo(4, within(0.09));
  }

  @Test
  void fills_prefix_doesNotDependOnLength() {
    float[] longer = new float[33];
    float[] shorter = new float[7];
    Philox.fillUniform(longer, 5, -2, 2);
    Philox.fillUniform(shorter, 5, -2, 2);
    assertThat(longer).startsWith(shorter);
    for (float value : longer) {
      assertThat(value).isBetween(-2f, Math.nextDown(2f));
    }
    Philox.fillNormal(longer, 5, 0, 1);
    Philox.fillNormal(shorter, 5, 0, 1);
    assertThat(longer).startsWith(shorter);
  }
}
