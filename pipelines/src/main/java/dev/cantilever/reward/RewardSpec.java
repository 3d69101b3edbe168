package dev.cantilever.reward;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The section {@code reward}: who judges.
 *
 * @param model directory of a sequence classifier or reward model; absent: the embedded one
 * @param label name of the label whose logit is the reward; with a single output any name will do
 * @param maxTokens most tokens of a text, special tokens included; more are cut off at the end. No
 *     more than the model's positions are taken in any case
 */
public record RewardSpec(Optional<Path> model, String label, int maxTokens) {

  /** Most tokens of one pass over texts that are shorter; more follow in further passes. */
  static final int PASS_TOKENS = 4096;

  /** The embedded classifier of reviews, its label POSITIVE. */
  public static RewardSpec defaults() {
    return new RewardSpec(Optional.empty(), "POSITIVE", 512);
  }

  /** Checks the label and the length. */
  public RewardSpec {
    if (label.isBlank() || maxTokens < 1) {
      throw new IllegalArgumentException(
          "expected a label and max_tokens of at least 1, got '" + label + "' and " + maxTokens);
    }
  }

  /**
   * Most tokens of a pass.
   *
   * @param texts that are scored together
   * @param positions of the classifier
   */
  public int largestPass(int texts, int positions) {
    int longest = Math.min(maxTokens, positions);
    return (int) Math.min((long) texts * longest, Math.max(PASS_TOKENS, longest));
  }
}
