package dev.cantilever.backend;

/**
 * How the next token is drawn.
 *
 * @param temperature divides the logits; 0 takes the most probable token
 * @param topK keep the k most probable tokens; 0 keeps all
 * @param topP keep the fewest most probable tokens whose probabilities reach p; 1 keeps all
 */
public record SamplingSpec(float temperature, int topK, float topP) {

  /** The most probable token, always. */
  public static final SamplingSpec GREEDY = new SamplingSpec(0, 0, 1);

  /** The model's own distribution. */
  public static final SamplingSpec PLAIN = new SamplingSpec(1, 0, 1);

  /** Checks the ranges. */
  public SamplingSpec {
    if (!(temperature >= 0) || temperature == Float.POSITIVE_INFINITY) {
      throw new IllegalArgumentException("Expected a temperature of 0 or more, got " + temperature);
    }
    if (topK < 0) {
      throw new IllegalArgumentException("Expected top_k of 0 (all) or more, got " + topK);
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException("Expected top_p in (0, 1], got " + topP);
    }
  }
}
