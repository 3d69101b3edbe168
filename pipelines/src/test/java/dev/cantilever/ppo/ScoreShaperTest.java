package dev.cantilever.ppo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class ScoreShaperTest {
  private static final double TOLERANCE = 1e-12; // double sums of a handful of numbers near 1
  private static final double FLOAT_EPSILON = 1.1920928955078125e-7;

  @Test
  void shape_defaults_leavesScoresAndMoments() {
    double[] scores = {-3, 7};

    ShapedScores shaped = ScoreShaper.shape(ScoreSpec.defaults(), RunningMoments.empty(), scores);

    assertThat(shaped.scores()).containsExactly(-3, 7);
    assertThat(shaped.moments()).isEqualTo(RunningMoments.empty());
  }

  @Test
  void moments_batchByBatch_equalThoseOfAllTogether() {
    RunningMoments moments =
        RunningMoments.empty()
            .next(new double[] {1, 2, 4})
            .next(new double[] {8})
            .next(new double[] {-5, 0});

    // 1, 2, 4, 8, -5, 0: mean 10/6, squares 110.
    double mean = 10.0 / 6;
    double squares = 110 - 6 * mean * mean;
    assertThat(moments.count()).isCloseTo(6, within(TOLERANCE));
    assertThat(moments.mean()).isCloseTo(mean, within(TOLERANCE));
    assertThat(moments.variance()).isCloseTo(squares / 6, within(TOLERANCE));
    assertThat(moments.std()).isCloseTo(Math.sqrt(squares / 5), within(TOLERANCE));
  }

  @Test
  void moments_oneScoreSeen_keepUnitSpread() {
    RunningMoments moments = RunningMoments.empty().next(new double[] {5});

    assertThat(moments.mean()).isEqualTo(5);
    assertThat(moments.std()).isEqualTo(1);
  }

  @Test
  void shape_scaling_dividesByTheSpreadThatIncludesThisBatch() {
    double[] scores = {1, 3};
    ScoreSpec scale = ScoreSpec.of(true, false, Optional.empty());
    ScoreSpec norm = ScoreSpec.of(true, true, Optional.empty());
    double divisor = Math.sqrt(2) + FLOAT_EPSILON;

    assertThat(ScoreShaper.shape(scale, RunningMoments.empty(), scores).scores())
        .containsExactly(new double[] {1 / divisor, 3 / divisor}, within(TOLERANCE));
    assertThat(ScoreShaper.shape(norm, RunningMoments.empty(), scores).scores())
        .containsExactly(new double[] {-1 / divisor, 1 / divisor}, within(TOLERANCE));
  }

  @Test
  void shape_clip_limitsAfterScaling() {
    double[] scores = {-10, 0.25, 10};

    assertThat(
            ScoreShaper.shape(ScoreSpec.defaults().withClip(0.5), RunningMoments.empty(), scores)
                .scores())
        .containsExactly(-0.5, 0.25, 0.5);
  }

  @Test
  void shape_scoreNotANumber_namesTheRow() {
    assertThatThrownBy(
            () ->
                ScoreShaper.shape(
                    ScoreSpec.defaults(), RunningMoments.empty(), new double[] {1, Double.NaN}))
        .isInstanceOf(PpoException.class)
        .hasMessageContaining("row 1");
  }
}
