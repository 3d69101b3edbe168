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
  void forward(ProductRows rows, Weight w) {
    LaunchBuffer launch =
        start("linear_", rows, w).pointer(w.bias()).integer(StorageCode.of(w.bias()));
    run(launch, rows, w, w.outFeatures());
  }

  /** dx [N, I] = dy [N, O]·W. */
  void inputGradient(ProductRows rows, Weight w) {
    run(start("gradient_", rows, w), rows, w, w.inFeatures());
  }

  /** The launch of a direction's kernel for a weight's form, up to the weight's addresses. */
  private LaunchBuffer start(String direction, ProductRows rows, Weight w) {
    Tensor stored = w instanceof Int8Weight int8 ? int8.data() : ((DenseWeight) w).values();
    Optional<Tensor> absmax =
        w instanceof Int8Weight int8 ? Optional.of(int8.absmax()) : Optional.empty();
    return execution
        .kernels()
        .kernel(KERNELS, direction + form(stored.dtype()))
        .with()
        .pointer(rows.target())
        .pointer(rows.source())
        .pointer(stored)
        .pointer(absmax);
  }

  /** The rest of a launch, for a result of so many columns. */
  private static void run(LaunchBuffer launch, ProductRows rows, Weight w, int columns) {
    launch
        .integer(rows.count())
        .integer(w.outFeatures())
        .integer(w.inFeatures())
        .pointer(rows.addend())
        .run(Grids.blocks(rows.count(), TILE), Grids.blocks(columns, TILE), 1, THREADS, 0);
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
