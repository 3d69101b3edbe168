package dev.cantilever.ppo;

import java.io.Serializable;

/**
 * The clipped losses.
 *
 * @param cliprange ε: the policy ratio counts within {@code [1-ε, 1+ε]}
 * @param cliprangeValue a value prediction counts within ± this of the old value
 * @param vfCoef weight of the value loss in the total
 * @param ratioThreshold a mini-batch whose mean ratio exceeds this is not stepped on; above 1
 */
public record LossSpec(
    double cliprange, double cliprangeValue, double vfCoef, double ratioThreshold)
    implements Serializable {
  public LossSpec {
    PpoException.requirePositive("cliprange", cliprange);
    PpoException.requirePositive("cliprange_value", cliprangeValue);
    PpoException.requireNotNegative("vf_coef", vfCoef);
    if (!(ratioThreshold > 1) || Double.isInfinite(ratioThreshold)) {
      throw new PpoException(
          "ratio_threshold: expected a finite number above 1, the ratio of an unchanged policy, found "
              + ratioThreshold
              + "; correct the recipe");
    }
  }

  /** trl's defaults: 0.2, 0.2, 0.1, 10. */
  public static LossSpec defaults() {
    return new LossSpec(0.2, 0.2, 0.1, 10);
  }

  /** The same with another policy clip range. */
  public LossSpec withCliprange(double newCliprange) {
    return new LossSpec(newCliprange, cliprangeValue, vfCoef, ratioThreshold);
  }

  /** The same with another value clip range. */
  public LossSpec withCliprangeValue(double newCliprangeValue) {
    return new LossSpec(cliprange, newCliprangeValue, vfCoef, ratioThreshold);
  }

  /** The same with another weight of the value loss. */
  public LossSpec withVfCoef(double newVfCoef) {
    return new LossSpec(cliprange, cliprangeValue, newVfCoef, ratioThreshold);
  }

  /** The same with another ratio threshold. */
  public LossSpec withRatioThreshold(double newRatioThreshold) {
    return new LossSpec(cliprange, cliprangeValue, vfCoef, newRatioThreshold);
  }
}
