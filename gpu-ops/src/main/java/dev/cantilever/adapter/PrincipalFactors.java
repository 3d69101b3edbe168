package dev.cantilever.adapter;

import java.util.SplittableRandom;

/**
 * The part of a matrix that belongs to its largest singular values, by subspace iteration with more
 * vectors than are wanted and a Rayleigh-Ritz step (Halko, Martinsson and Tropp 2011, algorithm 4.4
 * and section 5), in double precision but for the products.
 */
final class PrincipalFactors {

  /** A matrix [O, I] of which products are to be had. */
  interface Matrix {

    /** O. */
    int outputs();

    /** I. */
    int inputs();

    /** W·x for vectors [k, I]: [k, O]. */
    double[] times(double[] x);

    /** Wᵀ·y for vectors [k, O]: [k, I]. */
    double[] transposedTimes(double[] y);
  }

  /** Vectors beyond those wanted, at least; the iteration gains by them. */
  private static final int OVERSAMPLING = 16;

  private static final int MOST_ITERATIONS = 300;

  /** Of the sum of the squares of the singular values, which errs by the square of the vectors. */
  private static final double SETTLED = 1e-9;

  /** How often it must have settled: products in fp32 let it tremble. */
  private static final int SETTLED_TIMES = 10;

  private static final long SEED = 1;

  private PrincipalFactors() {}

  /** Most vectors of one product. */
  static int vectors(int rank, int outputs, int inputs) {
    return Math.min(rank + Math.max(OVERSAMPLING, rank), Math.min(outputs, inputs));
  }

  /**
   * U·S·Vᵀ of the largest singular values as B·A with A = √S·Vᵀ and B = U·√S. Where the rank is
   * larger than the matrix has, the rest is zeros.
   *
   * @param rank R
   * @param iterations at most; 0 for as many as it takes
   */
  static LowRankFactors of(Matrix w, int rank, int iterations) {
    int outputs = w.outputs();
    int inputs = w.inputs();
    int k = vectors(rank, outputs, inputs);
    double[] x = new double[k * inputs];
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < x.length; i++) {
      x[i] = random.nextGaussian();
    }
    orthonormalize(x, inputs);
    double before = 0;
    int settled = 0;
    double[] left;
    double[] right;
    double[] values;
    int iteration = 0;
    do {
      left = w.times(x);
      orthonormalize(left, outputs);
      right = w.transposedTimes(left);
      double[] gram = gram(right, inputs);
      values = new double[k];
      double[] rotation = SymmetricEigen.decompose(gram, values);
      left = rotate(rotation, left, outputs);
      right = rotate(rotation, right, inputs);
      double sum = 0;
      for (int j = 0; j < Math.min(rank, k); j++) {
        sum += values[j];
      }
      settled = Math.abs(sum - before) <= SETTLED * sum ? settled + 1 : 0;
      before = sum;
      x = right.clone();
      orthonormalize(x, inputs);
      iteration++;
    } while (iteration < (iterations == 0 ? MOST_ITERATIONS : iterations)
        && settled < SETTLED_TIMES);
    return factors(left, right, values, rank, outputs, inputs);
  }

  /** With rows of `left` u and rows of `right` σ·v. */
  private static LowRankFactors factors(
      double[] left, double[] right, double[] values, int rank, int outputs, int inputs) {
    double[] a = new double[rank * inputs];
    double[] b = new double[outputs * rank];
    for (int j = 0; j < Math.min(rank, values.length); j++) {
      double root = Math.sqrt(Math.sqrt(Math.max(0, values[j]))); // √σ
      for (int i = 0; i < inputs; i++) {
        a[j * inputs + i] = root == 0 ? 0 : right[j * inputs + i] / root;
      }
      for (int o = 0; o < outputs; o++) {
        b[o * rank + j] = left[j * outputs + o] * root;
      }
    }
    return new LowRankFactors(a, b);
  }

  /**
   * Q·R of the first columns of a matrix, R of all: B = Q [O, R], A = Qᵀ·W [R, I].
   *
   * @param rank R, at most as many as the matrix has rows and columns
   */
  static LowRankFactors leading(Matrix w, int rank) {
    int inputs = w.inputs();
    int outputs = w.outputs();
    int k = Math.min(rank, Math.min(outputs, inputs));
    double[] first = new double[k * inputs];
    for (int j = 0; j < k; j++) {
      first[j * inputs + j] = 1;
    }
    double[] q = w.times(first);
    orthonormalize(q, outputs);
    double[] r = w.transposedTimes(q);
    double[] a = new double[rank * inputs];
    System.arraycopy(r, 0, a, 0, r.length);
    double[] b = new double[outputs * rank];
    for (int j = 0; j < k; j++) {
      for (int o = 0; o < outputs; o++) {
        b[o * rank + j] = q[j * outputs + o];
      }
    }
    return new LowRankFactors(a, b);
  }

  /** Rows made orthonormal in order, twice over; one that depends on those before becomes zero. */
  private static void orthonormalize(double[] rows, int length) {
    int count = rows.length / length;
    for (int j = 0; j < count; j++) {
      double original = norm(rows, j, length);
      for (int pass = 0; pass < 2; pass++) {
        for (int before = 0; before < j; before++) {
          double dot = dot(rows, j, rows, before, length);
          for (int i = 0; i < length; i++) {
            rows[j * length + i] -= dot * rows[before * length + i];
          }
        }
      }
      double norm = norm(rows, j, length);
      double factor = norm <= 1e-12 * original ? 0 : 1 / norm;
      for (int i = 0; i < length; i++) {
        rows[j * length + i] *= factor;
      }
    }
  }

  private static double norm(double[] rows, int row, int length) {
    return Math.sqrt(dot(rows, row, rows, row, length));
  }

  private static double dot(double[] a, int rowA, double[] b, int rowB, int length) {
    double sum = 0;
    for (int i = 0; i < length; i++) {
      sum += a[rowA * length + i] * b[rowB * length + i];
    }
    return sum;
  }

  private static double[] gram(double[] rows, int length) {
    int k = rows.length / length;
    double[] gram = new double[k * k];
    for (int i = 0; i < k; i++) {
      for (int j = 0; j <= i; j++) {
        double dot = dot(rows, i, rows, j, length);
        gram[i * k + j] = dot;
        gram[j * k + i] = dot;
      }
    }
    return gram;
  }

  /** Row j of the result is Σ over i of rotation[j, i] times row i. */
  private static double[] rotate(double[] rotation, double[] rows, int length) {
    int k = rows.length / length;
    double[] rotated = new double[rows.length];
    for (int j = 0; j < k; j++) {
      for (int i = 0; i < k; i++) {
        double factor = rotation[j * k + i];
        for (int c = 0; c < length; c++) {
          rotated[j * length + c] += factor * rows[i * length + c];
        }
      }
    }
    return rotated;
  }
}
