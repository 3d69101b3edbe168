package dev.cantilever.autograd;

import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;

/**
 * A trainable fp32 tensor with its gradient.
 *
 * @param name unique within what is optimised, as it is saved
 * @param value the parameter
 * @param gradient of the same shape; backward passes add to it
 */
public record Parameter(String name, Tensor value, Tensor gradient) {

  /** Makes a parameter of undefined content; the gradient is undefined too until zeroed. */
  public static Parameter in(Arena arena, String name, Shape shape) {
    return new Parameter(
        name, Tensor.in(arena, DType.F32, shape), Tensor.in(arena, DType.F32, shape));
  }
}
