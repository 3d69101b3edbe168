package dev.cantilever.backend;

/**
 * From what a head gives to the logits of the law that is scored: z = scale·x, or with a cap, as in
 * Gemma 2, z = scale·cap·tanh(x/cap).
 *
 * @param scale 1/temperature where the scored law is that of a tempered sampler, else 1
 * @param cap above 0; 0 for none
 */
public record LogitSpec(float scale, float cap) {

  /** The model's own law, without a cap. */
  public static final LogitSpec PLAIN = new LogitSpec(1, 0);

  /** Checks the ranges. */
  public LogitSpec {
    if (!Float.isFinite(scale) || !(cap >= 0 && cap < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "Expected a finite scale of logits and a finite cap of 0 (none) or more, got %s and %s"
              .formatted(scale, cap));
    }
  }

  /** Whether there is a cap. */
  public boolean capped() {
    return cap > 0;
  }
}
