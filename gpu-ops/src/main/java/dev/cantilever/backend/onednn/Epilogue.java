package dev.cantilever.backend.onednn;

/**
 * What happens to a finished sum on its way to memory: {@code y[r,c] = addend[r,c] + (acc[r,c] *
 * (factor * scale[c]) + bias[c])}, each operation rounded.
 *
 * @param scale address of f32 [columns], or 0 for none (1 everywhere)
 * @param factor multiplies every scale
 * @param bias address of f32 [columns], or 0 for none
 * @param addend address of f32 whose rows lie as y's do, y itself or apart from it, or 0 for none
 */
record Epilogue(long scale, float factor, long bias, long addend) {
  private static final Epilogue PLAIN = new Epilogue(0, 1f, 0, 0);

  /** The sum as it is. */
  static Epilogue plain() {
    return PLAIN;
  }

  /** The sum times {@code factor * scale[c]}: absmax and 1/127 for an int8 weight. */
  static Epilogue scaled(long scale, float factor) {
    return new Epilogue(scale, factor, 0, 0);
  }

  Epilogue withBias(long address) {
    return new Epilogue(scale, factor, address, addend);
  }

  Epilogue withAddend(long address) {
    return new Epilogue(scale, factor, bias, address);
  }
}
