package dev.cantilever.backend.cuda;

import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.Optional;

/**
 * Products with a frozen weight of any form in fp32, nothing rounded to 16 bits: for F32 weights,
 * and for all weights where {@link Execution#matrixInputs} is F32. Every element is one chain of
 * multiply-adds, inner dimension ascending, which are the additions of the CPU's product.
 */
final class FullPrecisionProduct {

  static final KernelSource KERNELS = KernelSource.of(FullPrecisionProduct.class, "product_f32.cu");

  private static final int THREADS = 256;

  /** Rows and columns of a block: {@code TILE} of the kernels. */
  private static final int TILE = 64;

  private final Execution execution;

  FullPrecisionProduct(Execution execution) {
    this.execution = execution;
  }

  /** y [N, O] = x [N, I]·Wᵀ + b. */
  void forward(Tensor y, Tensor x, Weight w) {
    int rows = x.size(0);
    start("linear_", y, x, w)
        .pointer(w.bias())
        .integer(StorageCode.of(w.bias()))
        .integer(rows)
        .integer(w.outFeatures())
        .integer(w.inFeatures())
        .run(Grids.blocks(rows, TILE), Grids.blocks(w.outFeatures(), TILE), 1, THREADS, 0);
  }

  /** dx [N, I] = dy [N, O]·W, or dx += dy·W. */
  void inputGradient(Tensor dx, Tensor dy, Weight w, boolean accumulate) {
    int rows = dy.size(0);
    start("gradient_", dx, dy, w)
        .integer(rows)
        .integer(w.outFeatures())
        .integer(w.inFeatures())
        .integer(accumulate ? 1 : 0)
        .run(Grids.blocks(rows, TILE), Grids.blocks(w.inFeatures(), TILE), 1, THREADS, 0);
  }

  /** The launch of a direction's kernel for a weight's form, up to the weight's addresses. */
  private LaunchBuffer start(String direction, Tensor target, Tensor source, Weight w) {
    Tensor stored = w instanceof Int8Weight int8 ? int8.data() : ((DenseWeight) w).values();
    Optional<Tensor> absmax =
        w instanceof Int8Weight int8 ? Optional.of(int8.absmax()) : Optional.empty();
    return execution
        .kernels()
        .kernel(KERNELS, direction + form(stored.dtype()))
        .with()
        .pointer(target)
        .pointer(source)
        .pointer(stored)
        .pointer(absmax);
  }

  private static String form(DType stored) {
    return switch (stored) {
      case F32 -> "f32";
      case F16 -> "f16";
      case BF16 -> "bf16";
      case I8 -> "int8";
      default -> throw new IllegalArgumentException("Expected a weight's type, got " + stored);
    };
  }
}
