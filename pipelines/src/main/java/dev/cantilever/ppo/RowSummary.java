package dev.cantilever.ppo;

import java.util.function.IntToDoubleFunction;

/**
 * Mean and spread of one number per row, as trl logs them.
 *
 * @param mean over the rows
 * @param std with Bessel's correction; 0 for a lone row
 */
record RowSummary(double mean, double std) {

  static RowSummary of(double[] values) {
    return of(values.length, i -> values[i]);
  }

  static RowSummary of(int[] values) {
    return of(values.length, i -> values[i]);
  }

  private static RowSummary of(int count, IntToDoubleFunction values) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += values.applyAsDouble(i);
    }
    double mean = sum / count;
    double squares = 0;
    for (int i = 0; i < count; i++) {
      double difference = values.applyAsDouble(i) - mean;
      squares += difference * difference;
    }
    return new RowSummary(mean, count > 1 ? Math.sqrt(squares / (count - 1)) : 0);
  }
}
