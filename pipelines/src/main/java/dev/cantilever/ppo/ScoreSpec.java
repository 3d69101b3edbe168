package dev.cantilever.ppo;

import java.io.Serializable;
import java.util.Optional;

/**
 * What happens to raw scores before they become rewards, in this order: scaling, then clipping.
 *
 * @param scaling by the running spread of all scores seen
 * @param clip scores are limited to ±clip ({@code score_clip}); absent: they are left
 */
public record ScoreSpec(Scaling scaling, Optional<Double> clip) implements Serializable {

  /** How the running moments of all scores seen are applied. */
  public enum Scaling {
    /** Not at all. The default. */
    NONE,
    /** {@code score / (std + eps)} ({@code use_score_scaling}). */
    SCALE,
    /**
     * {@code (score - mean) / (std + eps)} ({@code use_score_scaling} and {@code use_score_norm}).
     */
    SCALE_AND_NORM
  }

  public ScoreSpec {
    clip.ifPresent(limit -> PpoException.requirePositive("clip", limit));
  }

  /** trl's defaults: scores as they come. */
  public static ScoreSpec defaults() {
    return new ScoreSpec(Scaling.NONE, Optional.empty());
  }

  /**
   * From trl's keys.
   *
   * @throws PpoException for {@code use_score_norm} without {@code use_score_scaling}, which trl
   *     silently ignores
   */
  public static ScoreSpec of(
      boolean useScoreScaling, boolean useScoreNorm, Optional<Double> scoreClip) {
    if (useScoreNorm && !useScoreScaling) {
      throw new PpoException(
          "use_score_norm: expected use_score_scaling=true beside it, found false; normalising is"
              + " part of scaling, set both or neither");
    }
    Scaling scaling =
        !useScoreScaling ? Scaling.NONE : useScoreNorm ? Scaling.SCALE_AND_NORM : Scaling.SCALE;
    return new ScoreSpec(scaling, scoreClip);
  }

  /** The clip as a number to compute with: infinity where there is none. */
  public double clipOrInfinity() {
    return clip.orElse(Double.POSITIVE_INFINITY);
  }

  /** The same with another scaling. */
  public ScoreSpec withScaling(Scaling newScaling) {
    return new ScoreSpec(newScaling, clip);
  }

  /** The same with scores limited to ±{@code newClip}. */
  public ScoreSpec withClip(double newClip) {
    return new ScoreSpec(scaling, Optional.of(newClip));
  }

  private Object writeReplace() {
    return new Sent(scaling, clipOrInfinity());
  }

  /** What travels in its place, because an Optional does not serialize. */
  private record Sent(Scaling scaling, double clip) implements Serializable {
    private Object readResolve() {
      return new ScoreSpec(scaling, Optional.of(clip).filter(Double::isFinite));
    }
  }
}
