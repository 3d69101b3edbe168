package dev.cantilever.ppo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MiniBatchLossTest {
  private static final double TOLERANCE = 1e-14; // a few roundings of numbers near 1
  // Central differences of step 1e-6 err by the third derivative times 1e-12 and by rounding over
  // the step, 1e-16 / 1e-6.
  private static final double STEP = 1e-6;
  private static final double DIFFERENCE_TOLERANCE = 1e-8;
  private static final int[] LENGTHS = {5, 1, 8, 3};

  private final LossSpec spec = LossSpec.defaults();

  @Test
  void add_handTable_clipsWhereTheObjectiveWouldGain() {
    // Ratio 1.5 with A=1 and 0.5 with A=-1 are clipped; 1.5 with A=-1 and 0.5 with A=1 are not.
    double up = Math.log(1.5);
    double down = Math.log(0.5);
    UpdateRows rows =
        rows(
            new double[] {0, 0, 0, 0},
            new double[] {0, 0, 0, 0},
            new double[] {1, -1, -1, 1},
            new double[] {1, 1, 0, 0.05});
    MiniBatchLoss loss = new MiniBatchLoss(spec, 4);

    TokenGradients gradients =
        loss.add(
            rows,
            row("logprobs", up, down, up, down),
            row("values", 0.5, -0.5, 0.5, 0.1),
            row("entropies", 1, 2, 3, 4));
    MiniBatchStatistics statistics = loss.finish();

    assertThat(gradients.logprobs().values())
        .containsExactly(new double[] {0, 0, 1.5 / 4, -0.5 / 4}, within(TOLERANCE));
    // Values: 0.5 is clamped to 0.2, farther from 1; -0.5 unclamped is the farther; 0.5 from 0 is
    // the farther; 0.1 is within range.
    assertThat(gradients.values().values())
        .containsExactly(
            new double[] {0, 0.1 * -1.5 / 4, 0.1 * 0.5 / 4, 0.1 * 0.05 / 4}, within(TOLERANCE));
    assertThat(statistics.policy().loss())
        .isCloseTo((-1.2 + 0.8 + 1.5 - 0.5) / 4, within(TOLERANCE));
    assertThat(statistics.policy().clipFraction()).isEqualTo(0.5);
    assertThat(statistics.policy().entropy()).isEqualTo(2.5);
    assertThat(statistics.policy().ratioMean()).isCloseTo(1, within(TOLERANCE));
    assertThat(statistics.value().loss())
        .isCloseTo(0.5 * (0.64 + 2.25 + 0.25 + 0.0025) / 4, within(TOLERANCE));
    assertThat(statistics.value().clipFraction()).isEqualTo(0.25);
    assertThat(statistics.value().error())
        .isCloseTo((0.25 + 2.25 + 0.25 + 0.0025) / 4, within(TOLERANCE));
    assertThat(statistics.totalLoss())
        .isCloseTo(statistics.policy().loss() + 0.1 * statistics.value().loss(), within(TOLERANCE));
    assertThat(statistics.stepSkipped()).isFalse();
  }

  @Test
  void add_unchangedPolicy_hasNoRatioToClip() {
    UpdateRows rows = randomRows(3);
    MiniBatchLoss loss = new MiniBatchLoss(spec, rows.tokens());

    TokenGradients gradients =
        loss.add(rows, rows.logprobs(), rows.values(), random("entropies", 9, 2));
    PolicyStatistics policy = loss.finish().policy();

    assertThat(policy.ratioMean()).isEqualTo(1);
    assertThat(policy.clipFraction()).isZero();
    assertThat(policy.approxKl()).isZero();
    assertThat(gradients.logprobs().values())
        .containsExactly(rows.advantages().map("expected", a -> -a / rows.tokens()).values());
  }

  @Test
  void add_anyToken_gradientsEqualFiniteDifferences() {
    UpdateRows rows = randomRows(11);
    double[] logprobs = rows.logprobs().zip("", random("", 5, 0.5), Double::sum).values();
    double[] values = random("values", 6, 1).values();
    TokenGradients gradients =
        new MiniBatchLoss(spec, rows.tokens())
            .add(
                rows,
                rows.logprobs().withValues("logprobs", logprobs),
                rows.logprobs().withValues("values", values),
                random("entropies", 9, 2));

    double[] byLogprob = gradients.logprobs().values();
    double[] byValue = gradients.values().values();
    for (int i = 0; i < rows.tokens(); i++) {
      double[] moved = logprobs.clone();
      moved[i] = logprobs[i] + STEP;
      double above = totalLoss(rows, moved, values);
      moved[i] = logprobs[i] - STEP;
      double below = totalLoss(rows, moved, values);
      assertThat(byLogprob[i])
          .as("logprob %s", i)
          .isCloseTo((above - below) / (2 * STEP), within(DIFFERENCE_TOLERANCE));

      moved = values.clone();
      moved[i] = values[i] + STEP;
      above = totalLoss(rows, logprobs, moved);
      moved[i] = values[i] - STEP;
      below = totalLoss(rows, logprobs, moved);
      assertThat(byValue[i])
          .as("value %s", i)
          .isCloseTo((above - below) / (2 * STEP), within(DIFFERENCE_TOLERANCE));
    }
    assertThat(byLogprob).contains(0.0);
    assertThat(Arrays.stream(byLogprob)).anyMatch(gradient -> gradient != 0);
  }

  @Test
  void add_anySplitIntoMicroBatches_givesTheSameBits() {
    UpdateRows rows = randomRows(23);
    TokenRows logprobs = random("logprobs", 24, 0.5);
    TokenRows values = random("values", 25, 1);
    TokenRows entropies = random("entropies", 26, 2);
    MiniBatchLoss whole = new MiniBatchLoss(spec, rows.tokens());
    TokenGradients wholeGradients = whole.add(rows, logprobs, values, entropies);
    MiniBatchStatistics expected = whole.finish();

    for (int[][] split : new int[][][] {{{0}, {1}, {2}, {3}}, {{0, 1, 2}, {3}}, {{0}, {1, 2, 3}}}) {
      MiniBatchLoss loss = new MiniBatchLoss(spec, rows.tokens());
      for (int[] part : split) {
        TokenGradients gradients =
            loss.add(
                rows.select(part),
                logprobs.select(part),
                values.select(part),
                entropies.select(part));
        assertThat(gradients.logprobs().values())
            .containsExactly(wholeGradients.logprobs().select(part).values());
        assertThat(gradients.values().values())
            .containsExactly(wholeGradients.values().select(part).values());
      }
      assertThat(loss.finish()).isEqualTo(expected);
    }
  }

  @Test
  void add_anyRowOrder_givesTheSameGradientsAndNearlyTheSameSums() {
    UpdateRows rows = randomRows(23);
    TokenRows logprobs = random("logprobs", 24, 0.5);
    TokenRows values = random("values", 25, 1);
    TokenRows entropies = random("entropies", 26, 2);
    int[] order = {2, 0, 3, 1};
    MiniBatchLoss straight = new MiniBatchLoss(spec, rows.tokens());
    MiniBatchLoss shuffled = new MiniBatchLoss(spec, rows.tokens());

    TokenGradients expected = straight.add(rows, logprobs, values, entropies);
    TokenGradients found =
        shuffled.add(
            rows.select(order),
            logprobs.select(order),
            values.select(order),
            entropies.select(order));

    assertThat(found.logprobs().values())
        .containsExactly(expected.logprobs().select(order).values());
    assertThat(shuffled.finish().totalLoss())
        .isCloseTo(straight.finish().totalLoss(), within(TOLERANCE));
  }

  @Test
  void finish_meanRatioBeyondTheThreshold_skipsTheStep() {
    UpdateRows rows = rows(new double[2], new double[2], new double[] {1, -1}, new double[2]);
    MiniBatchLoss at = new MiniBatchLoss(spec, 2);
    MiniBatchLoss beyond = new MiniBatchLoss(spec, 2);

    at.add(rows, row("logprobs", Math.log(18.9), 0), row("values", 0, 0), row("entropies", 0, 0));
    beyond.add(
        rows, row("logprobs", Math.log(19.1), 0), row("values", 0, 0), row("entropies", 0, 0));

    assertThat(at.finish().stepSkipped()).isFalse();
    MiniBatchStatistics skipped = beyond.finish();
    assertThat(skipped.stepSkipped()).isTrue();
    assertThat(skipped.totalLoss()).isZero();
    assertThat(skipped.policy().ratioMean()).isGreaterThan(10);
    assertThat(skipped.policy().approxKl()).isGreaterThan(0);
  }

  @Test
  void add_ratioOverflows_isSkippedWithoutNan() {
    UpdateRows rows = rows(new double[2], new double[2], new double[] {0, -1}, new double[2]);
    MiniBatchLoss loss = new MiniBatchLoss(spec, 2);

    TokenGradients gradients =
        loss.add(rows, row("logprobs", 800, 800), row("values", 0, 0), row("entropies", 0, 0));
    MiniBatchStatistics statistics = loss.finish();

    assertThat(statistics.stepSkipped()).isTrue();
    assertThat(statistics.policy().ratioMean()).isInfinite();
    assertThat(gradients.logprobs().values()).containsExactly(0, 0);
  }

  @Test
  void finish_loneToken_hasNoVariance() {
    UpdateRows rows =
        rows(new double[] {-1}, new double[] {0.5}, new double[] {2}, new double[] {1});
    MiniBatchLoss loss = new MiniBatchLoss(spec, 1);

    loss.add(rows, row("logprobs", -1), row("values", 0.5), row("entropies", 0.3));
    MiniBatchStatistics statistics = loss.finish();

    assertThat(statistics.value().oldVariance()).isZero();
    assertThat(statistics.value().returnsVariance()).isZero();
    assertThat(statistics.policy().loss()).isEqualTo(-2);
    assertThat(statistics.value().loss()).isEqualTo(0.125);
  }

  @Test
  void add_otherTokensThanAnnounced_isRefused() {
    UpdateRows rows = rows(new double[2], new double[2], new double[2], new double[2]);
    TokenRows two = row("two", 0, 0);

    assertThatThrownBy(() -> new MiniBatchLoss(spec, 0)).isInstanceOf(PpoException.class);
    assertThatThrownBy(() -> new MiniBatchLoss(spec, 1).add(rows, two, two, two))
        .isInstanceOf(PpoException.class)
        .hasMessageContaining("found 2");
    MiniBatchLoss short3 = new MiniBatchLoss(spec, 3);
    short3.add(rows, two, two, two);
    assertThatThrownBy(short3::finish)
        .isInstanceOf(PpoException.class)
        .hasMessageContaining("expected 3");
  }

  private double totalLoss(UpdateRows rows, double[] logprobs, double[] values) {
    MiniBatchLoss loss = new MiniBatchLoss(spec, rows.tokens());
    loss.add(
        rows,
        rows.logprobs().withValues("logprobs", logprobs),
        rows.logprobs().withValues("values", values),
        rows.logprobs());
    return loss.finish().totalLoss();
  }

  private static UpdateRows randomRows(long seed) {
    return new UpdateRows(
        random("logprobs", seed, 0.5),
        random("values", seed + 100, 1),
        random("advantages", seed + 200, 1),
        random("returns", seed + 300, 1));
  }

  private static TokenRows random(String name, long seed, double size) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] rows = new double[LENGTHS.length][];
    for (int row = 0; row < rows.length; row++) {
      rows[row] = random.doubles(LENGTHS[row], -size, size).toArray();
    }
    return TokenRows.of(name, rows);
  }

  private static UpdateRows rows(
      double[] logprobs, double[] values, double[] advantages, double[] returns) {
    return new UpdateRows(
        row("logprobs", logprobs),
        row("values", values),
        row("advantages", advantages),
        row("returns", returns));
  }

  private static TokenRows row(String name, double... values) {
    return TokenRows.of(name, new double[][] {values});
  }
}
