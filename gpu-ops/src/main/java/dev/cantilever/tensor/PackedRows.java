package dev.cantilever.tensor;

import java.util.Arrays;

/**
 * Where the B rows of a packed batch lie in its N tokens: row r is tokens {@code [start(r),
 * end(r))}. Lengths say what is valid; there is no padding and no mask.
 *
 * <p>The host copy serves planning and the CPU; {@link #deviceOffsets} is the same on the device.
 */
public final class PackedRows {

  private final int[] offsets;
  private final Tensor deviceOffsets;

  /**
   * Makes the index.
   *
   * @param offsets B + 1 ascending token offsets, the first zero
   * @param deviceOffsets [B + 1] I32, the same numbers on the device
   */
  public PackedRows(int[] offsets, Tensor deviceOffsets) {
    if (offsets.length < 2 || offsets[0] != 0) {
      throw new IllegalArgumentException(
          "Expected offsets of at least one row, starting at 0, got " + Arrays.toString(offsets));
    }
    for (int r = 1; r < offsets.length; r++) {
      if (offsets[r] <= offsets[r - 1]) {
        throw new IllegalArgumentException(
            "Expected every row to hold a token, but row " + (r - 1) + " is empty");
      }
    }
    this.offsets = offsets.clone();
    this.deviceOffsets = deviceOffsets;
  }

  /** B, the number of rows. */
  public int rows() {
    return offsets.length - 1;
  }

  /** N, the number of tokens of all rows. */
  public int tokens() {
    return offsets[offsets.length - 1];
  }

  /** First token of row {@code row}. */
  public int start(int row) {
    return offsets[row];
  }

  /** One past the last token of row {@code row}. */
  public int end(int row) {
    return offsets[row + 1];
  }

  /** Number of tokens of row {@code row}. */
  public int length(int row) {
    return offsets[row + 1] - offsets[row];
  }

  /** A copy of the offsets, B + 1 of them. */
  public int[] offsets() {
    return offsets.clone();
  }

  /** The offsets on the device, [B + 1] I32. */
  public Tensor deviceOffsets() {
    return deviceOffsets;
  }
}
