package dev.cantilever.ppo;

/** Scales, normalises and clips raw scores, in trl 0.11.4's order. */
public final class ScoreShaper {
  // trl adds the machine epsilon of the scores' dtype, float32, to the spread.
  private static final double EPSILON = Math.ulp(1.0f);

  private ScoreShaper() {}

  /**
   * Shapes one batch. The running moments take the batch in first and are then applied to it; with
   * {@link ScoreSpec.Scaling#NONE} they stay as they are.
   *
   * @param scores raw scores, [rows]
   * @throws PpoException if there are none or one is not finite, naming its row
   */
  public static ShapedScores shape(ScoreSpec spec, RunningMoments moments, double[] scores) {
    requireFinite("scores", scores);
    RunningMoments next = spec.scaling() == ScoreSpec.Scaling.NONE ? moments : moments.next(scores);
    double divisor = next.std() + EPSILON;
    double clip = spec.clipOrInfinity();
    double[] shaped = new double[scores.length];
    for (int row = 0; row < scores.length; row++) {
      double score =
          switch (spec.scaling()) {
            case NONE -> scores[row];
            case SCALE -> scores[row] / divisor;
            case SCALE_AND_NORM -> (scores[row] - next.mean()) / divisor;
          };
      shaped[row] = Math.max(-clip, Math.min(clip, score));
    }
    return new ShapedScores(shaped, next);
  }

  static void requireFinite(String name, double[] scores) {
    if (scores.length == 0) {
      throw new PpoException(
          name + ": expected one per row, found none; a step needs at least one rollout");
    }
    for (int row = 0; row < scores.length; row++) {
      if (!Double.isFinite(scores[row])) {
        throw new PpoException(
            name
                + ": expected finite numbers, found "
                + scores[row]
                + " in row "
                + row
                + "; look at the response that the reward model was given");
      }
    }
  }
}
