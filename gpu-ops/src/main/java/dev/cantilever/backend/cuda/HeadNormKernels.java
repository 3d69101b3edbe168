package dev.cantilever.backend.cuda;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.tensor.Tensor;

/** Norms of heads on the GPU, a warp a head. */
final class HeadNormKernels {

  static final KernelSource KERNELS = KernelSource.of(HeadNormKernels.class, "head_norm.cu");

  private static final int THREADS = 128;
  private static final int HEADS_PER_BLOCK = 4;

  private final Execution execution;

  HeadNormKernels(Execution execution) {
    this.execution = execution;
  }

  void forward(
      Tensor y, Tensor x, Tensor queryGamma, Tensor keyGamma, float eps, AttentionSpec spec) {
    LaunchBuffer launch = kernel("head_norm").pointer(y).pointer(x);
    run(norms(launch, queryGamma, keyGamma, eps, spec), x, spec);
  }

  void backward(
      Tensor dx,
      Tensor dy,
      Tensor x,
      Tensor queryGamma,
      Tensor keyGamma,
      float eps,
      AttentionSpec spec,
      boolean accumulate) {
    LaunchBuffer launch = kernel("head_norm_backward").pointer(dx).pointer(dy).pointer(x);
    run(norms(launch, queryGamma, keyGamma, eps, spec).integer(accumulate ? 1 : 0), x, spec);
  }

  private LaunchBuffer kernel(String name) {
    return execution.kernels().kernel(KERNELS, name).with();
  }

  /** {@code HeadNorms} of the kernels, 40 bytes. */
  private static LaunchBuffer norms(
      LaunchBuffer launch, Tensor queryGamma, Tensor keyGamma, float eps, AttentionSpec spec) {
    return launch
        .pointer(queryGamma)
        .pointer(keyGamma)
        .integer(spec.heads())
        .integer(spec.kvHeads())
        .integer(spec.headSize())
        .integer(StorageCode.of(queryGamma.dtype()))
        .integer(StorageCode.of(keyGamma.dtype()))
        .real(eps);
  }

  private static void run(LaunchBuffer launch, Tensor x, AttentionSpec spec) {
    int heads = spec.heads() + 2 * spec.kvHeads();
    launch.run(x.size(0), Grids.blocks(heads, HEADS_PER_BLOCK), 1, THREADS, 0);
  }
}
