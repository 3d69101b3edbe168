package dev.cantilever.evaluate;

/**
 * The section {@code evaluation}: how a policy is judged before and after training.
 *
 * @param prompts fixed prompts, made of held-out documents; one sampled response each
 * @param shown how many of them are shown
 */
public record EvaluationSpec(int prompts, int shown) {

  /** 64 prompts, five shown. */
  public static EvaluationSpec defaults() {
    return new EvaluationSpec(64, 5);
  }

  /** Checks the numbers. */
  public EvaluationSpec {
    if (prompts < 1 || shown < 0 || shown > prompts) {
      throw new IllegalArgumentException(
          "expected prompts of at least 1 and shown from 0 to prompts, got "
              + prompts
              + " and "
              + shown);
    }
  }
}
