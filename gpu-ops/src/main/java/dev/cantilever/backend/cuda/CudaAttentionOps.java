package dev.cantilever.backend.cuda;

import dev.cantilever.backend.AttentionOps;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.KvPages;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** To be written. */
final class CudaAttentionOps implements AttentionOps {
  private final Execution execution;

  CudaAttentionOps(Execution execution) {
    this.execution = execution;
  }

  @Override
  public void attention(Tensor out, Tensor lse, Tensor qkv, PackedRows rows, AttentionSpec spec) {
    throw new UnsupportedOperationException("attention on " + execution.device().name());
  }

  @Override
  public void attentionBackward(
      Tensor dQkv,
      Tensor dOut,
      Tensor qkv,
      Tensor out,
      Tensor lse,
      PackedRows rows,
      AttentionSpec spec) {
    throw new UnsupportedOperationException("attentionBackward on " + execution.device().name());
  }

  @Override
  public void attentionCached(
      Tensor out, Tensor qkv, KvPages cache, Tensor slots, PackedRows rows, AttentionSpec spec) {
    throw new UnsupportedOperationException("attentionCached on " + execution.device().name());
  }

  @Override
  public void advance(Tensor lengths, Tensor slots, PackedRows rows) {
    throw new UnsupportedOperationException("advance on " + execution.device().name());
  }

  static List<KernelSource> sources() {
    return List.of();
  }
}
