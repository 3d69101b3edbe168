package dev.cantilever.adapter;

/** The lengths of a layer's outputs with a branch, by which DoRA divides. */
final class DoraNorms {

  private DoraNorms() {}

  /**
   * ‖W + scale·B·A‖ of each output: ‖W‖² + 2·scale·B·(W·Aᵀ)ᵀ + scale²·B·(A·Aᵀ)·Bᵀ.
   *
   * @param squares ‖W‖² of the outputs, those of the branch from {@code column} on
   * @param crossed W·Aᵀ, [R, O']
   * @param a [R, I]
   * @param b [O', R]
   * @param rank R
   * @return [O']
   */
  static float[] of(
      double[] squares,
      int column,
      double[] crossed,
      double[] a,
      float[] b,
      int rank,
      double scale) {
    int out = b.length / rank;
    double[] gram = gram(a, rank);
    float[] norms = new float[out];
    for (int o = 0; o < out; o++) {
      double mixed = 0;
      double own = 0;
      for (int k = 0; k < rank; k++) {
        mixed += b[o * rank + k] * crossed[k * out + o];
        for (int j = 0; j < rank; j++) {
          own += (double) b[o * rank + k] * b[o * rank + j] * gram[k * rank + j];
        }
      }
      double square = squares[column + o] + 2 * scale * mixed + scale * scale * own;
      norms[o] = (float) Math.sqrt(Math.max(0, square));
    }
    return norms;
  }

  private static double[] gram(double[] rows, int count) {
    int length = rows.length / count;
    double[] gram = new double[count * count];
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < count; j++) {
        for (int c = 0; c < length; c++) {
          gram[i * count + j] += rows[i * length + c] * rows[j * length + c];
        }
      }
    }
    return gram;
  }

  /** The same values in double precision. */
  static double[] widened(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }
}
