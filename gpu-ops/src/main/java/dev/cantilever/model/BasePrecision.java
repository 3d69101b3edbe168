package dev.cantilever.model;

import dev.cantilever.tensor.Int8Mode;

/**
 * How the linear layers of a base model are held; all else stays as the checkpoint has it.
 *
 * <p>A checkpoint that is in 8 bit already (bitsandbytes) is never quantised again, nor widened:
 * its integers and scales are held as they are whatever is asked for here, and so are the layers
 * that it has left in 16 bit.
 */
public enum BasePrecision {
  /** As stored; what is stored in 8 bit is dequantised within the product. */
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
