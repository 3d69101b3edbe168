package dev.cantilever.backend;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Mode;
import java.util.Set;

/**
 * What a backend can do. What is declared works; what is not throws {@link UnsupportedOpException}.
 *
 * @param weightTypes element types a dense weight, bias, norm or embedding may be stored in
 * @param int8Modes ways int8 weights can be executed
 * @param matrixInputs type that activations and gradients are rounded to before a product with a
 *     16-bit or int8 weight, or one of attention without a cache; F32 where they are not rounded.
 *     Products with F32 matrices never round
 * @param cacheType element type of a KV cache
 * @param disentangledGradient whether disentangled attention has a backward
 */
public record Capabilities(
    Set<DType> weightTypes,
    Set<Int8Mode> int8Modes,
    DType matrixInputs,
    DType cacheType,
    boolean disentangledGradient) {

  /** What every backend has, and nothing that only some have. */
  public Capabilities(
      Set<DType> weightTypes, Set<Int8Mode> int8Modes, DType matrixInputs, DType cacheType) {
    this(weightTypes, int8Modes, matrixInputs, cacheType, false);
  }

  /** Copies the sets. */
  public Capabilities {
    weightTypes = Set.copyOf(weightTypes);
    int8Modes = Set.copyOf(int8Modes);
  }
}
