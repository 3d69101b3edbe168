package dev.cantilever.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;

class TrainTestSplitTest {

  @Property(seed = "1")
  void side_risingFraction_onlyMovesToTest(
      @ForAll long seed,
      @ForAll String id,
      @ForAll @DoubleRange(min = 0, max = 1) double one,
      @ForAll @DoubleRange(min = 0, max = 1) double other) {
    var low = new TrainTestSplit(seed, Math.min(one, other)).side(id);
    var high = new TrainTestSplit(seed, Math.max(one, other)).side(id);

    assertThat(low == TrainTestSplit.Side.TEST && high == TrainTestSplit.Side.TRAIN).isFalse();
  }

  @Test
  void side_manyIds_meetsTheFraction() {
    // Four standard errors of a share of 0.1 among 20,000: 4 * sqrt(0.09 / 20000) = 0.0085.
    assertThat(share(new TrainTestSplit(3, 0.1), 20_000)).isCloseTo(0.1, within(0.0085));
    assertThat(share(new TrainTestSplit(3, 0), 100)).isZero();
    assertThat(share(new TrainTestSplit(3, 1), 100)).isOne();
  }

  @Test
  void side_anotherSeed_splitsOtherwise() {
    TrainTestSplit one = new TrainTestSplit(1, 0.5);
    TrainTestSplit two = new TrainTestSplit(2, 0.5);

    assertThat(IntStream.range(0, 200).filter(i -> one.side("d" + i) != two.side("d" + i)).count())
        .isBetween(60L, 140L);
  }

  @Test
  void fraction_outOfRange_isRefused() {
    assertThatThrownBy(() -> new TrainTestSplit(0, Double.NaN))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("from 0 to 1");
  }

  private static double share(TrainTestSplit split, int n) {
    return IntStream.range(0, n)
            .filter(i -> split.side("doc-" + i) == TrainTestSplit.Side.TEST)
            .count()
        / (double) n;
  }
}
