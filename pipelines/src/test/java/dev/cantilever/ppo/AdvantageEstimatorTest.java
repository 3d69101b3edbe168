package dev.cantilever.ppo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class AdvantageEstimatorTest {
  private static final double TOLERANCE = 1e-10; // sums of at most 100 doubles of size near 10

  @Test
  void estimate_handTable_followsTheRecurrence() {
    TokenRows rewards = TokenRows.of("rewards", new double[][] {{1, 0, 2}});
    TokenRows values = TokenRows.of("values", new double[][] {{0.5, 1, 4}});
    AdvantageSpec spec = new AdvantageSpec(0.5, 0.5, false);

    // delta = 1+.5-.5, 0+2-1, 2-4; decay 1/4.
    double[] raw = {1 + 0.25 * 0.5, 1 + 0.25 * -2, -2};
    assertThat(unwhitened(spec, rewards, values).values()).containsExactly(raw);
    assertThat(AdvantageEstimator.estimate(spec, rewards, values).returns().values())
        .containsExactly(raw[0] + 0.5, raw[1] + 1, raw[2] + 4);
  }

  @Test
  void estimate_lengthOneRows_areTheRewardMinusTheValue() {
    TokenRows rewards = TokenRows.of("rewards", new double[][] {{3}, {-1}});
    TokenRows values = TokenRows.of("values", new double[][] {{1}, {0}});

    Advantages advantages = AdvantageEstimator.estimate(AdvantageSpec.defaults(), rewards, values);

    assertThat(advantages.returns().values()).containsExactly(3, -1);
    double half = 1.5 / Math.sqrt(4.5 + 1e-8); // 2 and -1: mean .5, Bessel variance 4.5
    assertThat(advantages.advantages().values())
        .containsExactly(new double[] {half, -half}, within(TOLERANCE));
  }

  @Test
  void estimate_loneToken_staysUnwhitened() {
    TokenRows rewards = TokenRows.of("rewards", new double[][] {{3}});
    TokenRows values = TokenRows.of("values", new double[][] {{1}});
    AdvantageSpec spec = AdvantageSpec.defaults().withWhitenRewards(true);

    Advantages advantages = AdvantageEstimator.estimate(spec, rewards, values);

    assertThat(advantages.advantages().values()).containsExactly(2);
    assertThat(advantages.returns().values()).containsExactly(3);
  }

  @Test
  void estimate_rewardWhitening_keepsTheMeanAndGivesUnitVariance() {
    TokenRows rewards = TokenRows.of("rewards", new double[][] {{1, 2}, {3, 10}});

    TokenRows whitened = AdvantageEstimator.whiten(rewards, true);

    assertThat(whitened.mean()).isCloseTo(4, within(TOLERANCE));
    assertThat(whitened.variance()).isCloseTo(1, within(1e-8));
  }

  @Test
  void estimatePadded_withoutRewardWhitening_isTheSameForAnyPadding() {
    TokenRows rewards = random("rewards", 5, 1);
    TokenRows values = random("values", 5, 2);
    AdvantageSpec spec = AdvantageSpec.defaults();

    Advantages padded =
        AdvantageEstimator.estimatePadded(spec, rewards, values, new int[] {0, 3, 1, 7, 2});

    assertThat(padded.returns().values())
        .containsExactly(AdvantageEstimator.estimate(spec, rewards, values).returns().values());
  }

  @Test
  void estimatePadded_withRewardWhitening_letsThePaddingIn() {
    TokenRows rewards = TokenRows.of("rewards", new double[][] {{1, 3}});
    TokenRows values = TokenRows.of("values", new double[][] {{0, 0}});
    AdvantageSpec spec = new AdvantageSpec(1, 1, true);
    double scale = 1 / Math.sqrt(2 + 1e-8);

    double clean = AdvantageEstimator.estimate(spec, rewards, values).returns().get(0, 1);
    double padded =
        AdvantageEstimator.estimatePadded(spec, rewards, values, new int[] {2}).returns().get(0, 1);

    assertThat(clean).isCloseTo(2 + scale, within(TOLERANCE));
    assertThat(padded).isCloseTo(clean + 2 * (2 - 2 * scale), within(TOLERANCE));
  }

  @Test
  void estimate_rowsDiffer_isRefused() {
    TokenRows rewards = TokenRows.of("rewards", new double[][] {{1, 3}});
    TokenRows values = TokenRows.of("values", new double[][] {{0}});

    assertThatThrownBy(() -> AdvantageEstimator.estimate(AdvantageSpec.defaults(), rewards, values))
        .isInstanceOf(PpoException.class);
  }

  @Property(tries = 200, seed = "20230309")
  void estimate_anyRows_equalsTheClosedForm(
      @ForAll @IntRange(min = 1, max = 6) int rowCount,
      @ForAll long seed,
      @ForAll @DoubleRange(min = 0, max = 1) double gamma,
      @ForAll @DoubleRange(min = 0, max = 1) double lam) {
    TokenRows rewards = random("rewards", rowCount, seed);
    TokenRows values = random("values", rowCount, seed + 1);
    AdvantageSpec spec = new AdvantageSpec(gamma, lam, false);

    TokenRows loop = unwhitened(spec, rewards, values);

    for (int row = 0; row < rowCount; row++) {
      assertThat(loop.row(row))
          .containsExactly(closedForm(spec, rewards.row(row), values.row(row)), within(TOLERANCE));
    }
  }

  @Property(tries = 200, seed = "20230309")
  void estimate_anyRows_returnsMinusValuesAreTheUnwhitenedAdvantages(
      @ForAll @IntRange(min = 1, max = 6) int rowCount, @ForAll long seed) {
    TokenRows rewards = random("rewards", rowCount, seed);
    TokenRows values = random("values", rowCount, seed + 1);
    AdvantageSpec spec = AdvantageSpec.defaults();

    TokenRows returns = AdvantageEstimator.estimate(spec, rewards, values).returns();

    assertThat(returns.zip("difference", values, (r, v) -> r - v).values())
        .containsExactly(unwhitened(spec, rewards, values).values(), within(TOLERANCE));
  }

  @Property(tries = 200, seed = "20230309")
  void estimate_anyRows_advantagesHaveMeanZeroAndVarianceOne(
      @ForAll @IntRange(min = 2, max = 8) int rowCount, @ForAll long seed) {
    TokenRows rewards = random("rewards", rowCount, seed);
    TokenRows values = random("values", rowCount, seed + 1);
    double rawVariance = unwhitened(AdvantageSpec.defaults(), rewards, values).variance();

    TokenRows advantages =
        AdvantageEstimator.estimate(AdvantageSpec.defaults(), rewards, values).advantages();

    assertThat(advantages.mean()).isCloseTo(0, within(1e-6));
    assertThat(advantages.variance())
        .isCloseTo(rawVariance / (rawVariance + 1e-8), within(TOLERANCE));
  }

  /** {@code A_t = Σ_j≥t (γλ)^(j-t) δ_j}, each δ from its definition: no recurrence. */
  private static double[] closedForm(AdvantageSpec spec, double[] rewards, double[] values) {
    double[] advantages = new double[rewards.length];
    for (int t = 0; t < rewards.length; t++) {
      for (int j = t; j < rewards.length; j++) {
        double nextValue = j + 1 < values.length ? values[j + 1] : 0;
        double delta = rewards[j] + spec.gamma() * nextValue - values[j];
        advantages[t] += Math.pow(spec.gamma() * spec.lam(), j - t) * delta;
      }
    }
    return advantages;
  }

  private static TokenRows unwhitened(AdvantageSpec spec, TokenRows rewards, TokenRows values) {
    return AdvantageEstimator.unwhitened(spec, rewards, values, 0, new int[rewards.rows()]);
  }

  /** Rows of 1 to 12 tokens, the same lengths for every seed, numbers from -5 to 5. */
  private static TokenRows random(String name, int rows, long seed) {
    SplittableRandom lengths = new SplittableRandom(7);
    SplittableRandom numbers = new SplittableRandom(seed);
    double[][] values = new double[rows][];
    for (int row = 0; row < rows; row++) {
      values[row] = numbers.doubles(lengths.nextInt(1, 13), -5, 5).toArray();
    }
    return TokenRows.of(name, values);
  }
}
