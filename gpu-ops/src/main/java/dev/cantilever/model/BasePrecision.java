package dev.cantilever.model;

import dev.cantilever.tensor.Int8Mode;

/** How the linear layers of a base model are held; all else stays as the checkpoint has it. */
public enum BasePrecision {
  /** As stored. */
  STORED,
  /** 8-bit, dequantised within the product. */
  INT8_WEIGHT_ONLY,
  /** 8-bit, executed as LLM.int8(). */
  LLM_INT8;

  /** The 8-bit precision that executes in the given way. */
  public static BasePrecision of(Int8Mode mode) {
    return switch (mode) {
      case WEIGHT_ONLY -> INT8_WEIGHT_ONLY;
      case LLM_INT8 -> LLM_INT8;
    };
  }
}
