package dev.cantilever.parity;

import dev.cantilever.hub.CheckpointException;

/** How far computed values are from a fixture's. A NaN anywhere makes the result NaN. */
final class Deviation {
  private Deviation() {}

  /** The largest absolute difference. */
  static double maxAbs(String name, float[] found, float[] expected) {
    requireSameLength(name, found, expected);
    double largest = 0;
    for (int i = 0; i < found.length; i++) {
      largest = Math.max(largest, Math.abs((double) found[i] - expected[i]));
    }
    return largest;
  }

  /** Norm of the difference over norm of what was expected; both zero is no difference. */
  static double relative(String name, float[] found, float[] expected) {
    requireSameLength(name, found, expected);
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < found.length; i++) {
      double error = (double) found[i] - expected[i];
      difference += error * error;
      norm += (double) expected[i] * expected[i];
    }
    return difference == 0 ? 0 : Math.sqrt(difference / norm);
  }

  private static void requireSameLength(String name, float[] found, float[] expected) {
    if (found.length != expected.length) {
      throw new CheckpointException(
          "golden.safetensors: expected %d elements of '%s' for this model, found %d. Restore the fixture."
              .formatted(found.length, name, expected.length));
    }
  }
}
