package dev.cantilever.backend.cuda;

import dev.cantilever.backend.SamplingOps;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** To be written. */
final class CudaSamplingOps implements SamplingOps {
  private final Execution execution;

  CudaSamplingOps(Execution execution) {
    this.execution = execution;
  }

  @Override
  public void sample(
      Tensor tokens,
      Tensor logprobs,
      Tensor logits,
      Tensor queryIds,
      Tensor positions,
      SamplingSpec spec,
      long seed,
      int step) {
    throw new UnsupportedOperationException("sample on " + execution.device().name());
  }

  static List<KernelSource> sources() {
    return List.of();
  }
}
