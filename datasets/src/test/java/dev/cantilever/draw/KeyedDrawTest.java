package dev.cantilever.draw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.math.BigInteger;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class KeyedDrawTest {

  @Test
  void digest_knownText_isHeadOfSha256() {
    // SHA-256("abc") begins ba7816bf 8f01cfea.
    assertThat(KeyedDraw.digest("abc")).isEqualTo(0xba7816bf8f01cfeaL);
  }

  @Test
  void bits_knownSeed_neverChange() {
    // Committed runs depend on these: a change here is a change of every split and query.
    int[] words = Philox.block(5, 2, 0x8f01cfea, 0xba7816bf, 7, 0);
    long expected = (words[0] & 0xFFFFFFFFL) | ((long) words[1] << 32);
    assertThat(new KeyedDraw(7, Stream.QUERY_LENGTH).bits(KeyedDraw.digest("abc"), 5))
        .isEqualTo(expected);
  }

  @Test
  void streams_numbers_areDistinctAndFixed() {
    assertThat(Arrays.stream(Stream.values()).map(Stream::number))
        .containsExactly(1, 2, 3, 4, 5, 6, 7);
  }

  @Test
  void uniform_manyIds_hasTheMomentsOfTheUniformLaw() {
    KeyedDraw draw = new KeyedDraw(11, Stream.SPLIT);
    int n = 20_000;
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < n; i++) {
      double u = draw.uniform("id-" + i);
      assertThat(u).isBetween(0.0, Math.nextDown(1.0));
      sum += u;
      squares += u * u;
    }
    // Four standard errors of the mean, 0.2887 / sqrt(n), and of the second moment, 0.298 /
    // sqrt(n).
    assertThat(sum / n).isCloseTo(0.5, within(0.0082));
    assertThat(squares / n).isCloseTo(1.0 / 3, within(0.0085));
  }

  @Property(seed = "1")
  void below_anyBound_isTheHighHalfOfTheProduct(
      @ForAll long seed, @ForAll String id, @ForAll @IntRange(min = 1) int bound) {
    KeyedDraw draw = new KeyedDraw(seed, Stream.QUERY_LENGTH);
    BigInteger bits = new BigInteger(Long.toUnsignedString(draw.bits(KeyedDraw.digest(id), 0)));
    int expected = bits.multiply(BigInteger.valueOf(bound)).shiftRight(64).intValueExact();
    assertThat(draw.below(id, bound)).isEqualTo(expected).isBetween(0, bound - 1);
  }

  @Test
  void below_boundZero_isRefused() {
    assertThatThrownBy(() -> new KeyedDraw(0, Stream.SPLIT).below("x", 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("found 0");
  }
}
