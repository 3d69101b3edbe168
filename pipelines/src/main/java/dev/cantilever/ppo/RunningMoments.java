package dev.cantilever.ppo;

import java.io.Serializable;

/**
 * Mean and spread of all scores a run has seen; part of a run's checkpoint.
 *
 * <p>Batches are merged by the parallel algorithm of Chan et al., as in trl's {@code
 * RunningMoments}. The count starts at 1e-24, not 0, so that the first merge divides by something.
 *
 * @param count scores seen
 * @param mean of them
 * @param variance of them, without Bessel's correction
 * @param std with Bessel's correction; 1 until two scores have been seen, where trl divides by zero
 */
public record RunningMoments(double count, double mean, double variance, double std)
    implements Serializable {
  private static final double EMPTY_COUNT = 1e-24;

  public RunningMoments {
    PpoException.requirePositive("running moments count", count);
    PpoException.requireNotNegative("running moments variance", variance);
    PpoException.requireNotNegative("running moments std", std);
    if (!Double.isFinite(mean)) {
      throw new PpoException(
          "running moments mean: expected a finite number, found "
              + mean
              + "; the checkpoint it came from is damaged");
    }
  }

  /** Nothing seen: mean 0, variance and std 1. */
  public static RunningMoments empty() {
    return new RunningMoments(EMPTY_COUNT, 0, 1, 1);
  }

  /**
   * The moments with another batch merged in.
   *
   * @param scores raw scores, [rows], at least one
   * @throws PpoException if there are none or one is not finite
   */
  public RunningMoments next(double[] scores) {
    ScoreShaper.requireFinite("scores", scores);
    double batchMean = 0;
    for (double score : scores) {
      batchMean += score;
    }
    batchMean /= scores.length;
    double batchSquares = 0;
    for (double score : scores) {
      batchSquares += (score - batchMean) * (score - batchMean);
    }
    double delta = batchMean - mean;
    double total = count + scores.length;
    double squares =
        variance * count + batchSquares + delta * delta * count * scores.length / total;
    double newVariance = squares / total;
    double newStd = total > 1 ? Math.sqrt(newVariance * total / (total - 1)) : 1;
    return new RunningMoments(total, mean + delta * scores.length / total, newVariance, newStd);
  }
}
