package dev.cantilever.backend;

/**
 * What an element of {@link OptimizerOps#adamW} is computed with: derived from the step in double,
 * rounded to float as the elements are. With them, each operation rounded to float by itself,
 *
 * <pre>
 * m ← m + blend1·(g − m)
 * v ← beta2·v + blend2·(g·g)
 * p ← p·keep − rate·(m / (√v / root + eps))
 * </pre>
 *
 * @param keep 1 − lr·decay
 * @param blend1 1 − β₁
 * @param beta2 β₂
 * @param blend2 1 − β₂
 * @param rate lr / (1 − β₁ᵗ)
 * @param root √(1 − β₂ᵗ)
 * @param eps as in the step
 */
public record AdamWScalars(
    float keep, float blend1, float beta2, float blend2, float rate, float root, float eps) {

  /** Those of a step. */
  public static AdamWScalars of(AdamWStep step) {
    double rate = step.learningRate() / (1 - StrictMath.pow(step.beta1(), step.step()));
    return new AdamWScalars(
        (float) (1 - step.learningRate() * step.weightDecay()),
        (float) (1 - step.beta1()),
        (float) step.beta2(),
        (float) (1 - step.beta2()),
        (float) rate,
        (float) Math.sqrt(1 - StrictMath.pow(step.beta2(), step.step())),
        (float) step.eps());
  }
}
