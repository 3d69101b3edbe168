package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Activation;
import dev.cantilever.backend.ActivationOps;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** To be written. */
final class CudaActivationOps implements ActivationOps {
  private final Execution execution;

  CudaActivationOps(Execution execution) {
    this.execution = execution;
  }

  @Override
  public void activate(Tensor y, Tensor x, Activation f) {
    throw new UnsupportedOperationException("activate on " + execution.device().name());
  }

  @Override
  public void activateBackward(Tensor dx, Tensor dy, Tensor x, Activation f, boolean accumulate) {
    throw new UnsupportedOperationException("activateBackward on " + execution.device().name());
  }

  @Override
  public void add(Tensor y, Tensor a, Tensor b) {
    throw new UnsupportedOperationException("add on " + execution.device().name());
  }

  @Override
  public void dropout(Tensor y, Tensor x, float p, long key, boolean accumulate) {
    throw new UnsupportedOperationException("dropout on " + execution.device().name());
  }

  static List<KernelSource> sources() {
    return List.of();
  }
}
