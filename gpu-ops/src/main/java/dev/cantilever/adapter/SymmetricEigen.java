package dev.cantilever.adapter;

import java.util.Comparator;
import java.util.stream.IntStream;

/** Eigenvalues and vectors of a small symmetric matrix, by cyclic Jacobi rotations. */
final class SymmetricEigen {

  private static final int SWEEPS = 60;

  private SymmetricEigen() {}

  /**
   * Decomposes a matrix.
   *
   * @param matrix [k, k], overwritten
   * @param values receives the eigenvalues, the largest first, [k]
   * @return the vectors as rows, in the order of the values, [k, k]
   */
  static double[] decompose(double[] matrix, double[] values) {
    int k = values.length;
    double[] vectors = new double[k * k];
    for (int i = 0; i < k; i++) {
      vectors[i * k + i] = 1;
    }
    for (int sweep = 0; sweep < SWEEPS && offDiagonal(matrix, k) > 0; sweep++) {
      for (int p = 0; p < k; p++) {
        for (int q = p + 1; q < k; q++) {
          rotate(matrix, vectors, k, p, q);
        }
      }
    }
    int[] order =
        IntStream.range(0, k)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer i) -> -matrix[i * k + i]))
            .mapToInt(Integer::intValue)
            .toArray();
    double[] rows = new double[k * k];
    for (int j = 0; j < k; j++) {
      values[j] = matrix[order[j] * k + order[j]];
      System.arraycopy(vectors, order[j] * k, rows, j * k, k);
    }
    return rows;
  }

  /** Sum of what is not negligible beside the diagonal. */
  private static double offDiagonal(double[] m, int k) {
    double trace = 0;
    double sum = 0;
    for (int i = 0; i < k; i++) {
      trace += Math.abs(m[i * k + i]);
      for (int j = 0; j < i; j++) {
        sum += Math.abs(m[i * k + j]);
      }
    }
    return sum <= 1e-17 * trace ? 0 : sum;
  }

  private static void rotate(double[] m, double[] vectors, int k, int p, int q) {
    double apq = m[p * k + q];
    if (apq == 0) {
      return;
    }
    double theta = (m[q * k + q] - m[p * k + p]) / (2 * apq);
    double t = Math.copySign(1, theta) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
    double c = 1 / Math.sqrt(t * t + 1);
    double s = t * c;
    for (int i = 0; i < k; i++) {
      double ip = m[i * k + p];
      double iq = m[i * k + q];
      m[i * k + p] = c * ip - s * iq;
      m[i * k + q] = s * ip + c * iq;
    }
    for (int i = 0; i < k; i++) {
      double pi = m[p * k + i];
      double qi = m[q * k + i];
      m[p * k + i] = c * pi - s * qi;
      m[q * k + i] = s * pi + c * qi;
      double vp = vectors[p * k + i];
      double vq = vectors[q * k + i];
      vectors[p * k + i] = c * vp - s * vq;
      vectors[q * k + i] = s * vp + c * vq;
    }
  }
}
