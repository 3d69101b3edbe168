package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;

/** Comparisons of an operation's floats with the reference's doubles. */
public final class Closeness {

  /** Half the distance of neighbouring floats around one: the relative error of one rounding. */
  public static final double ROUNDING = 0x1p-24;

  private Closeness() {}

  /** Fails naming the first element off by more than {@code absolute + relative·|expected|}. */
  public static void assertClose(
      String what, float[] actual, double[] expected, double absolute, double relative) {
    assertThat(actual).as("size of " + what).hasSize(expected.length);
    for (int i = 0; i < actual.length; i++) {
      double allowed = absolute + relative * Math.abs(expected[i]);
      if (!(Math.abs(actual[i] - expected[i]) <= allowed)) {
        throw new AssertionError(
            "%s: element %d is %s, expected %s within %.3g"
                .formatted(what, i, actual[i], expected[i], allowed));
      }
    }
  }

  /** As {@link #assertClose(String, float[], double[], double, double)}, a bound per element. */
  public static void assertClose(String what, float[] actual, double[] expected, double[] bounds) {
    assertThat(actual).as("size of " + what).hasSize(expected.length);
    for (int i = 0; i < actual.length; i++) {
      if (!(Math.abs(actual[i] - expected[i]) <= bounds[i])) {
        throw new AssertionError(
            "%s: element %d is %s, expected %s within %.3g"
                .formatted(what, i, actual[i], expected[i], bounds[i]));
      }
    }
  }

  /** Fails naming the first element whose bits differ. */
  public static void assertSameBits(String what, float[] actual, float[] expected) {
    assertThat(actual).as("size of " + what).hasSize(expected.length);
    for (int i = 0; i < actual.length; i++) {
      if (Float.floatToRawIntBits(actual[i]) != Float.floatToRawIntBits(expected[i])) {
        throw new AssertionError(
            "%s: element %d is %s, expected the same bits as %s"
                .formatted(what, i, actual[i], expected[i]));
      }
    }
  }
}
