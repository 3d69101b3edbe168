package dev.cantilever.backend.onednn;

/**
 * Where a weight matrix w[out, in] lies and how.
 *
 * @param address raw address of memory that outlives the view; no alignment is needed
 * @param layout element type and order
 * @param out rows of w: outputs of the forward product
 * @param in columns of w: inputs of the forward product
 */
record WeightView(long address, Layout layout, int out, int in) {

  /** Element type and order of a weight in memory. */
  enum Layout {
    /** Row-major [out, in], 32-bit floats. */
    F32,
    /** Row-major [out, in], IEEE half precision. */
    F16,
    /** Row-major [out, in], bfloat16. */
    BF16,
    /** Row-major [out, in], signed bytes taken as numbers -128 to 127, unscaled. */
    INT8,
    /** Panels of f32 for {@code forward}, made by {@link MatrixProduct#packForward}. */
    PACKED_FORWARD,
    /** Panels of f32 for {@code inputGradient}, made by {@link MatrixProduct#packGradient}. */
    PACKED_GRADIENT
  }

  WeightView {
    if (address == 0 || out < 1 || in < 1) {
      throw new IllegalArgumentException(
          "WeightView: expected an address and a shape of at least [1, 1], found address "
              + address
              + " and ["
              + out
              + ", "
              + in
              + "]; check where the weight was loaded");
    }
  }
}
