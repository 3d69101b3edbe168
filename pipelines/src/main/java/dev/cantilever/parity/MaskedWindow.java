package dev.cantilever.parity;

import dev.cantilever.ppo.PpoException;
import dev.cantilever.ppo.TokenRows;

/**
 * Where the response lies in each row of a padded fixture, and the way between the two layouts.
 * Position p of a row is a response token where its mask is 1; those positions are contiguous.
 */
final class MaskedWindow {
  private final int width; // T
  private final int[] starts; // [B]
  private final int[] ends; // [B], exclusive

  private MaskedWindow(int width, int[] starts, int[] ends) {
    this.width = width;
    this.starts = starts;
    this.ends = ends;
  }

  /**
   * @param mask [B, T], 1 marks a response token
   * @throws PpoException if a row has none, or a gap
   */
  static MaskedWindow of(double[] mask, int rows, int width) {
    int[] starts = new int[rows];
    int[] ends = new int[rows];
    for (int row = 0; row < rows; row++) {
      int count = 0;
      starts[row] = width;
      for (int p = 0; p < width; p++) {
        if (mask[row * width + p] != 0) {
          starts[row] = Math.min(starts[row], p);
          ends[row] = p + 1;
          count++;
        }
      }
      if (count == 0 || count != ends[row] - starts[row]) {
        throw new PpoException(
            "mask: expected one run of ones in every row, found "
                + count
                + " ones in row "
                + row
                + " between positions "
                + starts[row]
                + " and "
                + ends[row]
                + "; response masks with gaps are not supported");
      }
    }
    return new MaskedWindow(width, starts, ends);
  }

  /** A number for each padded position. */
  interface PositionFunction {
    double at(int position);
  }

  /** Ragged rows of a function of the padded position {@code row·T + p}. */
  TokenRows rows(String name, PositionFunction values) {
    double[][] rows = new double[starts.length][];
    for (int row = 0; row < rows.length; row++) {
      rows[row] = new double[ends[row] - starts[row]];
      for (int t = 0; t < rows[row].length; t++) {
        rows[row][t] = values.at(position(row, t));
      }
    }
    return TokenRows.of(name, rows);
  }

  /** The padded position of a response token. */
  int position(int row, int token) {
    return row * width + starts[row] + token;
  }

  /** Padded positions after each response, [B]. */
  int[] padding() {
    int[] padding = new int[ends.length];
    for (int row = 0; row < padding.length; row++) {
      padding[row] = width - ends[row];
    }
    return padding;
  }
}
