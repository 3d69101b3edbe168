package dev.cantilever.backend;

import java.util.Arrays;

/**
 * What a product of two matrices is to be, and what it may be off by.
 *
 * @param values in double precision
 * @param bounds of the difference, per element
 */
record ExpectedProduct(double[] values, double[] bounds) {

  /** A product of row-major matrices. */
  interface Product {
    double[] of(double[] left, double[] right);
  }

  /**
   * Takes a product.
   *
   * @param terms k of each sum: a chain of k additions is off by at most k roundings of the sum of
   *     magnitudes
   * @param unit of the rounding that the left factor's elements suffered, {@link
   *     StorageRounding#unit}
   */
  static ExpectedProduct of(
      Product product, double[] left, double[] right, int terms, double unit) {
    double[] magnitudes = product.of(magnitudes(left), magnitudes(right));
    double[] squares = product.of(squares(left), squares(right));
    double[] bounds = new double[magnitudes.length];
    for (int i = 0; i < bounds.length; i++) {
      bounds[i] =
          chain(terms) * magnitudes[i]
              + 1e-30
              + StorageRounding.ofSum(unit, magnitudes[i], squares[i]);
    }
    return new ExpectedProduct(product.of(left, right), bounds);
  }

  /** The same with a term more in each chain; {@code added} repeats if it is shorter. */
  ExpectedProduct plus(double[] added, int terms) {
    double[] sums = values.clone();
    double[] allowed = bounds.clone();
    for (int i = 0; i < sums.length; i++) {
      sums[i] += added[i % added.length];
      allowed[i] += chain(terms) * Math.abs(added[i % added.length]);
    }
    return new ExpectedProduct(sums, allowed);
  }

  private static double chain(int terms) {
    return (terms + 4) * Closeness.ROUNDING;
  }

  static double[] magnitudes(double[] values) {
    return Arrays.stream(values).map(Math::abs).toArray();
  }

  private static double[] squares(double[] values) {
    return Arrays.stream(values).map(v -> v * v).toArray();
  }
}
