package dev.cantilever.backend;

import java.util.Arrays;
import java.util.Random;

/** Numbers of cases: seeded draws, and the rows of packed tokens. */
final class TestValues {

  private TestValues() {}

  /** Standard normal draws. */
  static float[] normal(long seed, int count) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** The elements of row {@code row} of packed tokens of {@code width} elements. */
  static float[] part(float[] x, int[] offsets, int row, int width) {
    return Arrays.copyOfRange(x, offsets[row] * width, offsets[row + 1] * width);
  }

  /** The packed rows in reverse order. */
  static float[] reverse(float[] x, int[] offsets, int width) {
    float[] y = new float[x.length];
    int at = 0;
    for (int r = offsets.length - 2; r >= 0; r--) {
      float[] row = part(x, offsets, r, width);
      System.arraycopy(row, 0, y, at, row.length);
      at += row.length;
    }
    return y;
  }
}
