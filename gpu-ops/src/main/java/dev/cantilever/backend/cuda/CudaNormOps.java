package dev.cantilever.backend.cuda;

import dev.cantilever.backend.NormOps;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** To be written. */
final class CudaNormOps implements NormOps {
  private final Execution execution;

  CudaNormOps(Execution execution) {
    this.execution = execution;
  }

  @Override
  public void layerNorm(Tensor y, Tensor x, Tensor gamma, Tensor beta, float eps) {
    throw new UnsupportedOperationException("layerNorm on " + execution.device().name());
  }

  @Override
  public void layerNormBackward(
      Tensor dx, Tensor dy, Tensor x, Tensor gamma, float eps, boolean accumulate) {
    throw new UnsupportedOperationException("layerNormBackward on " + execution.device().name());
  }

  static List<KernelSource> sources() {
    return List.of();
  }
}
