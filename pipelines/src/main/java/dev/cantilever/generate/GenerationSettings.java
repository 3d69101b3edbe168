package dev.cantilever.generate;

/**
 * The section {@code generation}: how text is sampled.
 *
 * @param maxNewTokens length at which a response ends, in tokens
 * @param temperature divides the logits; 0 takes the most probable token
 * @param topK keep the k most probable tokens; 0 keeps all
 * @param topP keep the fewest tokens whose probabilities reach p; 1 keeps all
 * @param maxRows most prompts in the KV cache at once; more wait for their places
 */
public record GenerationSettings(
    int maxNewTokens, double temperature, int topK, double topP, int maxRows) {

  /** 20 tokens from the model's own distribution, 64 prompts at once. */
  public static GenerationSettings defaults() {
    return new GenerationSettings(20, 1, 0, 1, 64);
  }

  /** Checks the ranges. */
  public GenerationSettings {
    if (maxNewTokens < 1 || maxRows < 1) {
      throw new IllegalArgumentException(
          "expected max_new_tokens and max_rows of at least 1, got "
              + maxNewTokens
              + " and "
              + maxRows);
    }
    if (!(temperature >= 0) || topK < 0 || !(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException(
          "expected temperature >= 0, top_k >= 0 and top_p in (0, 1], got "
              + temperature
              + ", "
              + topK
              + " and "
              + topP);
    }
  }
}
