package dev.cantilever.hub;

/**
 * The rotary position settings of a {@code config.json}, whichever dialect it is in.
 *
 * @param theta the base of the wavelengths, above 0
 * @param fraction the share of each head that is rotated, in (0, 1]
 * @param scaling of the positions
 */
public record RotarySettings(double theta, double fraction, RotaryScaling scaling) {

  public RotarySettings {
    if (!(theta > 0) || Double.isInfinite(theta) || !(fraction > 0 && fraction <= 1)) {
      throw new CheckpointException(
          "Expected a finite rotary theta above 0 and a fraction in (0, 1], found %s and %s."
                  .formatted(theta, fraction)
              + " Correct config.json.");
    }
  }
}
