package dev.cantilever.backend.cuda;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.NormOps;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.UnsupportedOpException;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/**
 * Norms on the GPU, a block a row, or of heads a warp a head; sums depend on the width of what is
 * normalised alone.
 */
final class CudaNormOps implements NormOps {

  private static final String LAYER_NORM = "norm.cu";
  private static final String RMS_NORM = "rms_norm.cu";

  private static final int LEAST_THREADS = 128;
  private static final int MOST_THREADS = 512;
  private static final int WARP_THREADS = 32;

  /** Quads of a row that a thread holds in registers: few, or what the widest rows need. */
  private static final int FEW_QUADS = 4;

  private static final int MANY_QUADS = 8;
  private static final int QUAD = 4;

  private final Execution execution;
  private final HeadNormKernels heads;

  CudaNormOps(Execution execution) {
    this.execution = execution;
    this.heads = new HeadNormKernels(execution);
  }

  @Override
  public void layerNorm(Tensor y, Tensor x, Tensor gamma, Tensor beta, float eps) {
    OpChecks.layerNorm(y, x, gamma, beta);
    int c = x.size(1);
    requireWidth("layerNorm", c);
    RoundedRows.Place rounded = execution.roundedRows().place(y);
    kernel(LAYER_NORM, "layer_norm", c)
        .pointer(y)
        .pointer(x)
        .pointer(gamma)
        .pointer(beta)
        .integer(c)
        .integer(StorageCode.of(gamma.dtype()))
        .integer(StorageCode.of(beta.dtype()))
        .real(eps)
        .pointer(rounded.address())
        .integer(rounded.groups())
        .run(x.size(0), threads(c));
    execution.roundedRows().written(y, rounded);
  }

  @Override
  public void layerNormBackward(
      Tensor dx, Tensor dy, Tensor x, Tensor gamma, float eps, boolean accumulate) {
    OpChecks.layerNormBackward(dx, dy, x, gamma);
    backward(
        "layerNormBackward", LAYER_NORM, "layer_norm_backward", dx, dy, x, gamma, eps, accumulate);
  }

  @Override
  public void rmsNorm(Tensor y, Tensor x, Tensor gamma, float eps) {
    OpChecks.rmsNorm(y, x, gamma);
    int c = x.size(1);
    requireWidth("rmsNorm", c);
    RoundedRows.Place rounded = execution.roundedRows().place(y);
    kernel(RMS_NORM, "rms_norm", c)
        .pointer(y)
        .pointer(x)
        .pointer(gamma)
        .integer(c)
        .integer(StorageCode.of(gamma.dtype()))
        .real(eps)
        .pointer(rounded.address())
        .integer(rounded.groups())
        .run(x.size(0), threads(c));
    execution.roundedRows().written(y, rounded);
  }

  @Override
  public void rmsNormBackward(
      Tensor dx, Tensor dy, Tensor x, Tensor gamma, float eps, boolean accumulate) {
    OpChecks.rmsNormBackward(dx, dy, x, gamma);
    backward("rmsNormBackward", RMS_NORM, "rms_norm_backward", dx, dy, x, gamma, eps, accumulate);
  }

  @Override
  public void headNorm(
      Tensor y, Tensor x, Tensor queryGamma, Tensor keyGamma, float eps, AttentionSpec spec) {
    OpChecks.headNorm(y, x, queryGamma, keyGamma, spec);
    heads.forward(y, x, queryGamma, keyGamma, eps, spec);
  }

  @Override
  public void headNormBackward(
      Tensor dx,
      Tensor dy,
      Tensor x,
      Tensor queryGamma,
      Tensor keyGamma,
      float eps,
      AttentionSpec spec,
      boolean accumulate) {
    OpChecks.headNormBackward(dx, dy, x, queryGamma, keyGamma, spec);
    heads.backward(dx, dy, x, queryGamma, keyGamma, eps, spec, accumulate);
  }

  private void backward(
      String op,
      String file,
      String name,
      Tensor dx,
      Tensor dy,
      Tensor x,
      Tensor gamma,
      float eps,
      boolean accumulate) {
    int c = x.size(1);
    requireWidth(op, c);
    kernel(file, name, c)
        .pointer(dx)
        .pointer(dy)
        .pointer(x)
        .pointer(gamma)
        .integer(c)
        .integer(StorageCode.of(gamma.dtype()))
        .real(eps)
        .integer(accumulate ? 1 : 0)
        .run(x.size(0), threads(c));
  }

  private static void requireWidth(String op, int c) {
    int widest = MOST_THREADS * MANY_QUADS * QUAD;
    if (c > widest) {
      throw new UnsupportedOpException(
          "%s: expected rows of at most %d elements on CUDA, got %d. Use --backend cpu."
              .formatted(op, widest, c));
    }
  }

  private LaunchBuffer kernel(String file, String name, int c) {
    return execution.kernels().kernel(source(file, quads(c)), name).with();
  }

  private static KernelSource source(String file, int quads) {
    return KernelSource.of(CudaNormOps.class, file, List.of("QUADS=" + quads));
  }

  private static int quads(int c) {
    return c > MOST_THREADS * FEW_QUADS * QUAD ? MANY_QUADS : FEW_QUADS;
  }

  /** Threads of a block, by the width alone because the order of the sums follows from them. */
  private static int threads(int c) {
    if (quads(c) == MANY_QUADS) {
      return MOST_THREADS;
    }
    int warps = Grids.blocks(c, WARP_THREADS * FEW_QUADS * QUAD);
    return Math.max(LEAST_THREADS, warps * WARP_THREADS);
  }

  static List<KernelSource> sources() {
    return List.of(
        source(LAYER_NORM, FEW_QUADS),
        source(LAYER_NORM, MANY_QUADS),
        source(RMS_NORM, FEW_QUADS),
        source(RMS_NORM, MANY_QUADS),
        HeadNormKernels.KERNELS);
  }
}
