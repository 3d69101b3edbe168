package dev.cantilever.run;

/** The ways to execute products with int8 weights, as users name them. */
public enum Int8ModeName {
  /** Dequantise inside the kernel; a row's result never depends on its neighbours. */
  WEIGHT_ONLY,
  /** Quantise activations per row, outlier columns in 16 bit, as in the LLM.int8() paper. */
  LLM_INT8
}
