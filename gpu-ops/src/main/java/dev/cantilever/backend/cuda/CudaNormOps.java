package dev.cantilever.backend.cuda;

import dev.cantilever.backend.NormOps;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.UnsupportedOpException;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** Norms on the GPU, a block a row; a row's sums depend on its width alone. */
final class CudaNormOps implements NormOps {

  static final KernelSource KERNELS = KernelSource.of(CudaNormOps.class, "norm.cu");
  static final KernelSource RMS = KernelSource.of(CudaNormOps.class, "rms_norm.cu");

  private static final int LEAST_THREADS = 256;
  private static final int MOST_THREADS = 512;

  /** What a thread holds of a row, in registers. */
  private static final int ELEMENTS_PER_THREAD = 32;

  private final Execution execution;

  CudaNormOps(Execution execution) {
    this.execution = execution;
  }

  @Override
  public void layerNorm(Tensor y, Tensor x, Tensor gamma, Tensor beta, float eps) {
    OpChecks.layerNorm(y, x, gamma, beta);
    int c = x.size(1);
    execution
        .kernels()
        .kernel(KERNELS, "layer_norm")
        .with()
        .pointer(y)
        .pointer(x)
        .pointer(gamma)
        .pointer(beta)
        .integer(c)
        .integer(StorageCode.of(gamma.dtype()))
        .integer(StorageCode.of(beta.dtype()))
        .real(eps)
        .run(x.size(0), threads("layerNorm", c));
  }

  @Override
  public void layerNormBackward(
      Tensor dx, Tensor dy, Tensor x, Tensor gamma, float eps, boolean accumulate) {
    OpChecks.layerNormBackward(dx, dy, x, gamma);
    int c = x.size(1);
    execution
        .kernels()
        .kernel(KERNELS, "layer_norm_backward")
        .with()
        .pointer(dx)
        .pointer(dy)
        .pointer(x)
        .pointer(gamma)
        .integer(c)
        .integer(StorageCode.of(gamma.dtype()))
        .real(eps)
        .integer(accumulate ? 1 : 0)
        .run(x.size(0), threads("layerNormBackward", c));
  }

  @Override
  public void rmsNorm(Tensor y, Tensor x, Tensor gamma, float eps) {
    OpChecks.rmsNorm(y, x, gamma);
    int c = x.size(1);
    execution
        .kernels()
        .kernel(RMS, "rms_norm")
        .with()
        .pointer(y)
        .pointer(x)
        .pointer(gamma)
        .integer(c)
        .integer(StorageCode.of(gamma.dtype()))
        .real(eps)
        .run(x.size(0), threads("rmsNorm", c));
  }

  @Override
  public void rmsNormBackward(
      Tensor dx, Tensor dy, Tensor x, Tensor gamma, float eps, boolean accumulate) {
    OpChecks.rmsNormBackward(dx, dy, x, gamma);
    int c = x.size(1);
    execution
        .kernels()
        .kernel(RMS, "rms_norm_backward")
        .with()
        .pointer(dx)
        .pointer(dy)
        .pointer(x)
        .pointer(gamma)
        .integer(c)
        .integer(StorageCode.of(gamma.dtype()))
        .real(eps)
        .integer(accumulate ? 1 : 0)
        .run(x.size(0), threads("rmsNormBackward", c));
  }

  /** Threads of a block, by the width alone because the order of the sums follows from them. */
  private static int threads(String op, int c) {
    if (c > MOST_THREADS * ELEMENTS_PER_THREAD) {
      throw new UnsupportedOpException(
          "%s: expected rows of at most %d elements on CUDA, got %d. Use --backend cpu."
              .formatted(op, MOST_THREADS * ELEMENTS_PER_THREAD, c));
    }
    return c > LEAST_THREADS * ELEMENTS_PER_THREAD ? MOST_THREADS : LEAST_THREADS;
  }

  static List<KernelSource> sources() {
    return List.of(KERNELS, RMS);
  }
}
