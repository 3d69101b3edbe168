package dev.cantilever.backend.cuda;

import dev.cantilever.backend.LossOps;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.List;

/** To be written. */
final class CudaLossOps implements LossOps {
  private final Execution execution;

  CudaLossOps(Execution execution) {
    this.execution = execution;
  }

  @Override
  public void tokenLogprobs(
      Tensor logprobs,
      Tensor entropy,
      Tensor hidden,
      Weight head,
      Tensor targets,
      float logitScale) {
    throw new UnsupportedOperationException("tokenLogprobs on " + execution.device().name());
  }

  @Override
  public void tokenLogprobsBackward(
      Tensor dHidden,
      Tensor dLogprobs,
      Tensor hidden,
      Weight head,
      Tensor targets,
      float logitScale) {
    throw new UnsupportedOperationException(
        "tokenLogprobsBackward on " + execution.device().name());
  }

  @Override
  public void fullKl(Tensor kl, Tensor hiddenP, Tensor hiddenQ, Weight head, float logitScale) {
    throw new UnsupportedOperationException("fullKl on " + execution.device().name());
  }

  static List<KernelSource> sources() {
    return List.of();
  }
}
