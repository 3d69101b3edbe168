package dev.cantilever.backend.onednn;

/**
 * Row-wise absmax quantisation to 8 bits as bitsandbytes does it on a GPU: q = round-half-even(x ·
 * (127 · (1 / absmax))), every step in fp32.
 *
 * <p>bitsandbytes (kInt8VectorQuant) takes the scale from {@code __fdividef(127, absmax)}, which is
 * 127 times the device's approximate reciprocal. That is within one unit in the last place of the
 * quotient, and the table behind it is the device's own; here it is the nearest float. The choice
 * shows only where x · 127 / absmax is a tie: 51 of the 98304 integers of the golden file are, and
 * of the formulas that need no table this one misses the fewest. Integers that differ from the
 * file's, without and with outlier columns:
 *
 * <pre>
 * 127 · nearest(1 / absmax)    0   1
 * nearest(127 / absmax)        3   3
 * 127 · down(1 / absmax)      12   4
 * 127 · up(1 / absmax)         4   7
 * down(127 / absmax)          14   3
 * nearest(127 · x / absmax)    5   3
 * </pre>
 *
 * <p>The one is a row whose absmax is 0.1517333984375: 1 / absmax lies 0.60 of a unit above a float
 * and the device took that one. No other row contradicts the nearest reciprocal.
 */
final class RowQuantizer {

  private static final float LARGEST = 127;

  private RowQuantizer() {}

  /**
   * Quantises a row.
   *
   * @param threshold elements of at least this magnitude count as outliers: they become 0 and take
   *     no part in the scale
   * @return the largest magnitude below the threshold; a row without any is all zeros
   */
  static float quantize(float[] row, byte[] target, float threshold) {
    float absmax = 0;
    for (int i = 0; i < target.length; i++) {
      float magnitude = Math.abs(row[i]);
      if (magnitude < threshold) {
        absmax = Math.max(absmax, magnitude);
      }
    }
    float scale = absmax == 0 ? 0 : 1 / absmax * LARGEST;
    if (scale == Float.POSITIVE_INFINITY) {
      scale = 0; // the reciprocal of a subnormal number: such a row is zero to 8 bits
      absmax = 0;
    }
    for (int i = 0; i < target.length; i++) {
      target[i] = Math.abs(row[i]) < threshold ? (byte) Math.rint((double) (row[i] * scale)) : 0;
    }
    return absmax;
  }
}
