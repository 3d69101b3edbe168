package dev.cantilever.backend.cuda;

import dev.cantilever.backend.AdamWStep;
import dev.cantilever.backend.OptimizerOps;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** To be written. */
final class CudaOptimizerOps implements OptimizerOps {
  private final Execution execution;

  CudaOptimizerOps(Execution execution) {
    this.execution = execution;
  }

  @Override
  public void adamW(Tensor p, Tensor g, Tensor m, Tensor v, AdamWStep step) {
    throw new UnsupportedOperationException("adamW on " + execution.device().name());
  }

  @Override
  public double squaredNorm(Tensor g) {
    throw new UnsupportedOperationException("squaredNorm on " + execution.device().name());
  }

  @Override
  public void scale(Tensor g, float factor) {
    throw new UnsupportedOperationException("scale on " + execution.device().name());
  }

  static List<KernelSource> sources() {
    return List.of();
  }
}
