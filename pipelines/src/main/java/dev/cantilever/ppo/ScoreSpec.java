package dev.cantilever.ppo;

import java.io.Serializable;

/**
 * What happens to raw scores before they become rewards, in this order: scaling, then clipping.
 *
 * @param scaling by the running spread of all scores seen
 * @param clip scores are limited to ±clip ({@code score_clip}); {@link #NO_CLIP} leaves them
 */
public record ScoreSpec(Scaling scaling, double clip) implements Serializable {

  /** The clip that limits nothing: trl's {@code score_clip=None}. */
  public static final double NO_CLIP = Double.POSITIVE_INFINITY;

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
    if (!(clip > 0)) {
      throw new PpoException(
          "score_clip: expected a number above 0 or none, found " + clip + "; correct the recipe");
    }
  }

  /** trl's defaults: scores as they come. */
  public static ScoreSpec defaults() {
    return new ScoreSpec(Scaling.NONE, NO_CLIP);
  }

  /**
   * From trl's keys.
   *
   * @throws PpoException for {@code use_score_norm} without {@code use_score_scaling}, which trl
   *     silently ignores
   */
  public static ScoreSpec of(boolean useScoreScaling, boolean useScoreNorm, double scoreClip) {
    if (useScoreNorm && !useScoreScaling) {
      throw new PpoException(
          "use_score_norm: expected use_score_scaling=true beside it, found false; normalising is"
              + " part of scaling, set both or neither");
    }
    Scaling scaling =
        !useScoreScaling ? Scaling.NONE : useScoreNorm ? Scaling.SCALE_AND_NORM : Scaling.SCALE;
    return new ScoreSpec(scaling, scoreClip);
  }

  /** The same with another scaling. */
  public ScoreSpec withScaling(Scaling newScaling) {
    return new ScoreSpec(newScaling, clip);
  }

  /** The same with another clip. */
  public ScoreSpec withClip(double newClip) {
    return new ScoreSpec(scaling, newClip);
  }
}
