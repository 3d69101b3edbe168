package dev.cantilever.adapter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrincipalFactorsTest {

  /** Of vectors of a random matrix of F32, whose singular values lie close together. */
  private static final double TOLERANCE = 1e-5;

  /** U·diag(s)·Vᵀ of known values, with rows of Householder matrices for U and V. */
  private static HostMatrix matrix(int outputs, int inputs, double[] singular) {
    double[] u = reflection(outputs, 1);
    double[] v = reflection(inputs, 2);
    float[] w = new float[outputs * inputs];
    for (int o = 0; o < outputs; o++) {
      for (int i = 0; i < inputs; i++) {
        double sum = 0;
        for (int k = 0; k < singular.length; k++) {
          sum += u[k * outputs + o] * singular[k] * v[k * inputs + i];
        }
        w[o * inputs + i] = (float) sum;
      }
    }
    return new HostMatrix(w, outputs, inputs);
  }

  private static double[] reflection(int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] x = new double[n];
    double norm = 0;
    for (int i = 0; i < n; i++) {
      x[i] = random.nextGaussian();
      norm += x[i] * x[i];
    }
    double[] h = new double[n * n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        h[i * n + j] = (i == j ? 1 : 0) - 2 * x[i] * x[j] / norm;
      }
    }
    return h;
  }

  private static double[] product(LowRankFactors factors, int outputs, int inputs, int rank) {
    double[] product = new double[outputs * inputs];
    for (int o = 0; o < outputs; o++) {
      for (int k = 0; k < rank; k++) {
        for (int i = 0; i < inputs; i++) {
          product[o * inputs + i] += factors.b()[o * rank + k] * factors.a()[k * inputs + i];
        }
      }
    }
    return product;
  }

  @ParameterizedTest
  @CsvSource({"40, 90, 3", "90, 40, 5", "12, 12, 12", "5, 7, 9"})
  void of_knownSingularValues_isTheirPartOfTheMatrix(int outputs, int inputs, int rank) {
    double[] singular = new double[Math.min(outputs, inputs)];
    for (int k = 0; k < singular.length; k++) {
      singular[k] = 4 * Math.pow(0.9, k);
    }
    LowRankFactors found = PrincipalFactors.of(matrix(outputs, inputs, singular), rank, 0);

    double[] leading = new double[Math.min(rank, singular.length)];
    System.arraycopy(singular, 0, leading, 0, leading.length);
    float[] expected = matrix(outputs, inputs, leading).values();
    double[] product = product(found, outputs, inputs, rank);
    for (int i = 0; i < product.length; i++) {
      assertThat(product[i]).isCloseTo(expected[i], within(TOLERANCE));
    }
    for (int k = 0; k < leading.length; k++) {
      double square = 0;
      for (int i = 0; i < inputs; i++) {
        square += found.a()[k * inputs + i] * found.a()[k * inputs + i];
      }
      assertThat(square).as("‖√σ·v‖²").isCloseTo(singular[k], within(TOLERANCE));
    }
  }

  @Test
  void leading_anyMatrix_agreesInItsFirstColumns() {
    HostMatrix w = matrix(9, 6, new double[] {3, 2, 2, 1, 1, 0.5});
    double[] product = product(PrincipalFactors.leading(w, 2), 9, 6, 2);
    for (int o = 0; o < 9; o++) {
      for (int i = 0; i < 2; i++) {
        assertThat(product[o * 6 + i]).isCloseTo(w.values()[o * 6 + i], within(TOLERANCE));
      }
    }
  }

  @Test
  void of_zeros_areZeros() {
    LowRankFactors found = PrincipalFactors.of(new HostMatrix(new float[12], 3, 4), 2, 0);
    assertThat(found.a()).containsOnly(0);
    assertThat(found.b()).containsOnly(0);
  }
}
