package dev.cantilever.ppo;

/** Scores ready to become rewards, and the running moments that include them. */
public final class ShapedScores {
  private final double[] scores;
  private final RunningMoments moments;

  ShapedScores(double[] scores, RunningMoments moments) {
    this.scores = scores;
    this.moments = moments;
  }

  /** A copy of the shaped scores, [rows]. */
  public double[] scores() {
    return scores.clone();
  }

  /** The moments to carry into the next step. */
  public RunningMoments moments() {
    return moments;
  }
}
