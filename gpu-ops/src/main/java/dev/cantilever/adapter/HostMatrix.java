package dev.cantilever.adapter;

import java.util.stream.IntStream;

/**
 * A matrix in host memory.
 *
 * @param values [O, I], row-major
 * @param outputs O
 * @param inputs I
 */
record HostMatrix(float[] values, int outputs, int inputs) implements PrincipalFactors.Matrix {

  @Override
  public double[] times(double[] x) {
    int vectors = x.length / inputs;
    double[] y = new double[vectors * outputs];
    IntStream.range(0, outputs)
        .parallel()
        .forEach(
            o -> {
              for (int k = 0; k < vectors; k++) {
                double sum = 0;
                for (int i = 0; i < inputs; i++) {
                  sum += values[o * inputs + i] * x[k * inputs + i];
                }
                y[k * outputs + o] = sum;
              }
            });
    return y;
  }

  @Override
  public double[] transposedTimes(double[] y) {
    int vectors = y.length / outputs;
    double[] x = new double[vectors * inputs];
    IntStream.range(0, vectors)
        .parallel()
        .forEach(
            k -> {
              for (int o = 0; o < outputs; o++) {
                double factor = y[k * outputs + o];
                for (int i = 0; i < inputs; i++) {
                  x[k * inputs + i] += factor * values[o * inputs + i];
                }
              }
            });
    return x;
  }
}
