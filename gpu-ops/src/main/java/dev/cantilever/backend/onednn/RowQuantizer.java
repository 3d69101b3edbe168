package dev.cantilever.backend.onednn;

/**
 * Row-wise absmax quantisation to 8 bits as bitsandbytes does it on a GPU (kInt8VectorQuant, for
 * weights and activations alike): q = round-half-even(x · (127 · (1 / absmax))), every step in
 * fp32, the reciprocal being the device's ({@link ApproximateReciprocal}). The values are taken as
 * stored, without bitsandbytes' cast to binary16.
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
    float scale = absmax == 0 ? 0 : ApproximateReciprocal.of(absmax) * LARGEST;
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
