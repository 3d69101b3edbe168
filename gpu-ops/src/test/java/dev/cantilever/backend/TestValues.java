package dev.cantilever.backend;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

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

  /** The elements of some rows of packed tokens, in their order. */
  static float[] parts(float[] x, int[] offsets, int width, int... rows) {
    int count = Arrays.stream(rows).map(r -> offsets[r + 1] - offsets[r]).sum();
    float[] y = new float[count * width];
    int at = 0;
    for (int r : rows) {
      float[] row = part(x, offsets, r, width);
      System.arraycopy(row, 0, y, at, row.length);
      at += row.length;
    }
    return y;
  }

  /** The packed rows in reverse order. */
  static float[] reverse(float[] x, int[] offsets, int width) {
    int rows = offsets.length - 1;
    return parts(x, offsets, width, IntStream.range(0, rows).map(r -> rows - 1 - r).toArray());
  }
}
