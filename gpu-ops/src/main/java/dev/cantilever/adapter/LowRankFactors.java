package dev.cantilever.adapter;

import java.util.Arrays;

/**
 * B·A of a matrix [O, I].
 *
 * @param a [R, I], row-major
 * @param b [O, R], row-major
 */
record LowRankFactors(double[] a, double[] b) {

  /** A, rounded. */
  float[] floatA() {
    return rounded(a);
  }

  /** B, rounded. */
  float[] floatB() {
    return rounded(b);
  }

  /** The same of scale·B·A, shared between both. */
  LowRankFactors over(double scale) {
    double factor = 1 / Math.sqrt(scale);
    return new LowRankFactors(times(a, factor), times(b, factor));
  }

  private static double[] times(double[] values, double factor) {
    double[] scaled = values.clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= factor;
    }
    return scaled;
  }

  /**
   * An element of B·A.
   *
   * @param inputs I
   */
  double product(int row, int column, int inputs) {
    int rank = a.length / inputs;
    double sum = 0;
    for (int k = 0; k < rank; k++) {
      sum += b[row * rank + k] * a[k * inputs + column];
    }
    return sum;
  }

  /** The rows of one A, then those of another. */
  static float[] stacked(float[] first, float[] second) {
    float[] stacked = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, stacked, first.length, second.length);
    return stacked;
  }

  /** The columns of one B [O, R], then those of another with their signs changed. */
  static float[] besideNegated(float[] first, float[] second, int rank) {
    float[] both = new float[first.length + second.length];
    for (int i = 0; i < first.length; i++) {
      int at = i / rank * 2 * rank + i % rank;
      both[at] = first[i];
      both[at + rank] = -second[i];
    }
    return both;
  }

  /** The transpose of a row-major matrix of {@code rows} rows. */
  static float[] transposed(float[] matrix, int rows) {
    int columns = matrix.length / rows;
    float[] transposed = new float[matrix.length];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        transposed[column * rows + row] = matrix[row * columns + column];
      }
    }
    return transposed;
  }

  private static float[] rounded(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }
}
