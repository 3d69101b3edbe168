package dev.cantilever.ppo;

import java.util.Arrays;
import java.util.Objects;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;

/**
 * One finite number per response token: rows of unequal length, packed one after another, under the
 * name of what they hold. Immutable.
 *
 * <p>Row r is {@code values[offsets[r] .. offsets[r+1])}, the layout of an Arrow list column. There
 * is at least one row and every row has at least one token. All sums run in packed order, so the
 * same rows give the same bits.
 */
public final class TokenRows {
  private final String name;
  private final int[] offsets; // [rows + 1], from 0, strictly rising
  private final double[] values; // [tokens]

  private TokenRows(String name, int[] offsets, double[] values) {
    this.name = name;
    this.offsets = offsets;
    this.values = values;
    for (int row = 0; row + 1 < offsets.length; row++) {
      for (int i = offsets[row]; i < offsets[row + 1]; i++) {
        if (!Double.isFinite(values[i])) {
          throw new PpoException(
              name
                  + ": expected finite numbers, found "
                  + values[i]
                  + " in row "
                  + row
                  + " at token "
                  + (i - offsets[row])
                  + "; the step before this one is where to look, often its learning rate");
        }
      }
    }
  }

  /**
   * From one array per row; copies.
   *
   * @param name what the numbers are, for messages
   * @param rows [rows][length of that row]
   * @throws PpoException if there are no rows, a row is empty, or a number is not finite
   */
  public static TokenRows of(String name, double[][] rows) {
    int[] offsets = new int[rows.length + 1];
    for (int row = 0; row < rows.length; row++) {
      offsets[row + 1] = offsets[row] + rows[row].length;
    }
    double[] values = new double[offsets[rows.length]];
    for (int row = 0; row < rows.length; row++) {
      System.arraycopy(rows[row], 0, values, offsets[row], rows[row].length);
    }
    return packed(name, offsets, values);
  }

  /**
   * From packed values; copies.
   *
   * @param name what the numbers are, for messages
   * @param rowOffsets [rows + 1], from 0 to the token count, strictly rising
   * @param values [tokens]
   * @throws PpoException if the offsets do not describe the values, or a number is not finite
   */
  public static TokenRows packed(String name, int[] rowOffsets, double[] values) {
    if (rowOffsets.length < 2
        || rowOffsets[0] != 0
        || rowOffsets[rowOffsets.length - 1] != values.length) {
      throw new PpoException(
          name
              + ": expected at least one row and offsets from 0 to "
              + values.length
              + " tokens, found "
              + Arrays.toString(rowOffsets)
              + "; pass the row offsets of the packed response tokens");
    }
    for (int row = 0; row + 1 < rowOffsets.length; row++) {
      if (rowOffsets[row + 1] <= rowOffsets[row]) {
        throw new PpoException(
            name
                + ": expected at least one response token in every row, found "
                + (rowOffsets[row + 1] - rowOffsets[row])
                + " in row "
                + row
                + "; a response keeps its end-of-text token, drop rows without one token");
      }
    }
    return new TokenRows(name, rowOffsets.clone(), values.clone());
  }

  /** What the numbers are. */
  public String name() {
    return name;
  }

  /** Number of rows, at least 1. */
  public int rows() {
    return offsets.length - 1;
  }

  /** Number of tokens of all rows together. */
  public int tokens() {
    return values.length;
  }

  /** Number of tokens of a row, at least 1. */
  public int length(int row) {
    return offsets[row + 1] - offsets[row];
  }

  /** The number at a token of a row. */
  public double get(int row, int token) {
    return values[offsets[row] + Objects.checkIndex(token, length(row))];
  }

  /** A copy of one row. */
  public double[] row(int row) {
    return Arrays.copyOfRange(values, offsets[row], offsets[row + 1]);
  }

  /** A copy of all numbers in packed order. */
  public double[] values() {
    return values.clone();
  }

  /** A copy of the row offsets, [rows + 1]. */
  public int[] rowOffsets() {
    return offsets.clone();
  }

  /**
   * Some of the rows, in the order asked for; a mini-batch.
   *
   * @param rowIndices rows of this, at least one
   */
  public TokenRows select(int[] rowIndices) {
    double[][] selected = new double[rowIndices.length][];
    for (int i = 0; i < rowIndices.length; i++) {
      selected[i] = row(rowIndices[i]);
    }
    return of(name, selected);
  }

  /** Mean over all tokens. */
  public double mean() {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }

  /** Variance over all tokens with Bessel's correction; 0 for a lone token. */
  public double variance() {
    if (values.length == 1) {
      return 0;
    }
    double mean = mean();
    double sum = 0;
    for (double value : values) {
      sum += (value - mean) * (value - mean);
    }
    return sum / (values.length - 1);
  }

  /** Sum over the tokens of each row, [rows]. */
  public double[] rowSums() {
    double[] sums = new double[rows()];
    for (int row = 0; row < sums.length; row++) {
      for (int i = offsets[row]; i < offsets[row + 1]; i++) {
        sums[row] += values[i];
      }
    }
    return sums;
  }

  /** These rows with each number replaced. */
  TokenRows map(String newName, DoubleUnaryOperator operator) {
    double[] mapped = new double[values.length];
    Arrays.setAll(mapped, i -> operator.applyAsDouble(values[i]));
    return new TokenRows(newName, offsets, mapped);
  }

  /** These rows with each number joined with another's at the same place. */
  TokenRows zip(String newName, TokenRows other, DoubleBinaryOperator operator) {
    requireSameRows(other);
    double[] joined = new double[values.length];
    Arrays.setAll(joined, i -> operator.applyAsDouble(values[i], other.values[i]));
    return new TokenRows(newName, offsets, joined);
  }

  /** Other numbers in these rows; takes the array over. */
  TokenRows withValues(String newName, double[] newValues) {
    return new TokenRows(newName, offsets, newValues);
  }

  /** The number at a packed position. */
  double at(int position) {
    return values[position];
  }

  /** Where a row begins in packed order; {@code start(rows())} is the token count. */
  int start(int row) {
    return offsets[row];
  }

  /**
   * @throws PpoException unless the other has the same rows of the same lengths
   */
  void requireSameRows(TokenRows other) {
    if (Arrays.equals(offsets, other.offsets)) {
      return;
    }
    throw new PpoException(
        other.name
            + ": expected the rows of "
            + name
            + ", "
            + describe()
            + ", found "
            + other.describe()
            + (rows() == other.rows() ? differingRow(other) : "")
            + "; both must cover the same response tokens");
  }

  private String differingRow(TokenRows other) {
    int row = 0;
    while (length(row) == other.length(row)) {
      row++;
    }
    return " (row " + row + ": " + length(row) + " and " + other.length(row) + " tokens)";
  }

  private String describe() {
    return rows() + " rows of " + tokens() + " tokens";
  }

  /** The name and the sizes, not the numbers. */
  @Override
  public String toString() {
    return name + " [" + describe() + "]";
  }
}
