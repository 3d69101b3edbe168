package dev.cantilever.backend;

/** Activation functions, named as in Hugging Face configurations where they differ. */
public enum Activation {
  /** ½x(1 + erf(x/√2)); {@code gelu}. */
  GELU,
  /** ½x(1 + tanh(√(2/π)(x + 0.044715x³))); {@code gelu_new}, {@code gelu_fast}. */
  GELU_TANH,
  /** max(0, x). */
  RELU,
  /** x·σ(x), also called swish. */
  SILU,
  /** Hyperbolic tangent. */
  TANH
}
