package dev.cantilever.backend;

import dev.cantilever.tensor.DType;

/** How far a result may be off where a backend rounds inputs to a type of fewer bits. */
final class StorageRounding {

  /**
   * A sum of n errors, each of mean zero and at most b, exceeds d·√(Σb²) with probability below
   * 2·exp(−d²/2) (Hoeffding 1963): 5e-11 for 7, some 10⁵ times less than there are elements here.
   */
  private static final double DEVIATIONS = 7;

  private StorageRounding() {}

  /**
   * Largest relative error of one rounding to nearest: 2^-p for p significant bits, the implicit
   * one included. 0 for F32, which is what the values are held in.
   */
  static double unit(DType type) {
    return switch (type) {
      case F32 -> 0;
      case F16 -> 0x1p-11;
      case BF16 -> 0x1p-8;
      default -> throw new IllegalArgumentException("not a type of inputs: " + type);
    };
  }

  /**
   * Of a sum of products of which one factor each was rounded.
   *
   * @param unit of the rounding
   * @param magnitudes sum of the products' magnitudes
   * @param squares sum of the products' squares
   */
  static double ofSum(double unit, double magnitudes, double squares) {
    return unit * Math.min(magnitudes, DEVIATIONS * Math.sqrt(squares));
  }
}
