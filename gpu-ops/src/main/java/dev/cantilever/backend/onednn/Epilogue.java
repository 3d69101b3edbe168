package dev.cantilever.backend.onednn;

/**
 * What happens to a finished sum on its way to memory: {@code y[r,c] = beta * y[r,c] + acc[r,c] *
 * (factor * scale[c]) + bias[c]}.
 *
 * @param scale address of f32 [columns], or 0 for none (1 everywhere)
 * @param factor multiplies every scale
 * @param bias address of f32 [columns], or 0 for none
 * @param beta weight of the old y; with 0 the old y is not read, so it may hold anything
 */
record Epilogue(long scale, float factor, long bias, float beta) {
  private static final Epilogue PLAIN = new Epilogue(0, 1f, 0, 0f);

  /** The sum as it is. */
  static Epilogue plain() {
    return PLAIN;
  }

  /** The sum times {@code factor * scale[c]}: absmax and 1/127 for an int8 weight. */
  static Epilogue scaled(long scale, float factor) {
    return new Epilogue(scale, factor, 0, 0f);
  }

  Epilogue withBias(long address) {
    return new Epilogue(scale, factor, address, beta);
  }

  Epilogue withBeta(float weight) {
    return new Epilogue(scale, factor, bias, weight);
  }
}
