package dev.cantilever.backend.cuda;

import dev.cantilever.backend.EmbeddingOps;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** To be written. */
final class CudaEmbeddingOps implements EmbeddingOps {
  private final Execution execution;

  CudaEmbeddingOps(Execution execution) {
    this.execution = execution;
  }

  @Override
  public void gather(Tensor y, Tensor table, Tensor ids, boolean accumulate) {
    throw new UnsupportedOperationException("gather on " + execution.device().name());
  }

  @Override
  public void scatterAdd(Tensor dx, Tensor dy, Tensor ids) {
    throw new UnsupportedOperationException("scatterAdd on " + execution.device().name());
  }

  static List<KernelSource> sources() {
    return List.of();
  }
}
