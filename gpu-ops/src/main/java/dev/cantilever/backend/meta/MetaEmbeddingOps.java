package dev.cantilever.backend.meta;

import dev.cantilever.backend.EmbeddingOps;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.tensor.Tensor;

/** Rows picked by index, without data: the range of the indices cannot be checked. */
final class MetaEmbeddingOps implements EmbeddingOps {

  private final PlannedWeights weights;

  MetaEmbeddingOps(PlannedWeights weights) {
    this.weights = weights;
  }

  @Override
  public void gather(Tensor y, Tensor table, Tensor ids, boolean accumulate) {
    OpChecks.gather(y, table, ids);
    weights.stored("gather", table);
  }

  @Override
  public void scatterAdd(Tensor dx, Tensor dy, Tensor ids) {
    OpChecks.scatterAdd(dx, dy, ids);
  }
}
