package dev.cantilever.parity;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * How far a model is from its fixture. What the fixture does not hold is empty.
 *
 * @param logitsMaxAbs of the base model at every valid position, or of a classifier's rows
 * @param greedyEqual whether the greedy continuation of row 0 has the same tokens
 * @param adapterLogitsMaxAbs with the adapter active
 * @param mergedLogitsMaxAbs of the checkpoint into which the adapter was merged
 * @param adapterLossAbs of the mean next-token cross-entropy with the adapter active, in nats
 * @param gradRelMax of that loss's gradients: norm of the difference over norm, the largest of all
 *     matrices
 */
public record ModelParityReport(
    OptionalDouble logitsMaxAbs,
    Optional<Boolean> greedyEqual,
    OptionalDouble adapterLogitsMaxAbs,
    OptionalDouble mergedLogitsMaxAbs,
    OptionalDouble adapterLossAbs,
    OptionalDouble gradRelMax) {

  /** The largest error of logits and of the loss that passes; given with the fixtures. */
  public static final double LOGITS_TOLERANCE = 2e-4;

  /** The largest relative error of a gradient that passes; given with the fixtures. */
  public static final double GRADIENT_TOLERANCE = 1e-3;

  ModelParityReport withMergedLogits(double maxAbs) {
    return new ModelParityReport(
        logitsMaxAbs,
        greedyEqual,
        adapterLogitsMaxAbs,
        OptionalDouble.of(maxAbs),
        adapterLossAbs,
        gradRelMax);
  }

  /** Whether everything that was compared is within its tolerance. */
  public boolean pass() {
    boolean near =
        Stream.of(logitsMaxAbs, adapterLogitsMaxAbs, mergedLogitsMaxAbs, adapterLossAbs)
            .allMatch(error -> within(error, LOGITS_TOLERANCE));
    return near && within(gradRelMax, GRADIENT_TOLERANCE) && greedyEqual.orElse(true);
  }

  private static boolean within(OptionalDouble error, double tolerance) {
    return error.isEmpty() || error.getAsDouble() <= tolerance;
  }
}
