package dev.cantilever.backend.meta;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.NormOps;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.tensor.Tensor;

/** Norms without data. */
final class MetaNormOps implements NormOps {

  private final PlannedWeights weights;

  MetaNormOps(PlannedWeights weights) {
    this.weights = weights;
  }

  @Override
  public void layerNorm(Tensor y, Tensor x, Tensor gamma, Tensor beta, float eps) {
    OpChecks.layerNorm(y, x, gamma, beta);
    weights.stored("layerNorm", gamma);
    weights.stored("layerNorm", beta);
  }

  @Override
  public void layerNormBackward(
      Tensor dx, Tensor dy, Tensor x, Tensor gamma, float eps, boolean accumulate) {
    OpChecks.layerNormBackward(dx, dy, x, gamma);
    weights.stored("layerNormBackward", gamma);
  }

  @Override
  public void rmsNorm(Tensor y, Tensor x, Tensor gamma, float eps) {
    OpChecks.rmsNorm(y, x, gamma);
    weights.stored("rmsNorm", gamma);
  }

  @Override
  public void rmsNormBackward(
      Tensor dx, Tensor dy, Tensor x, Tensor gamma, float eps, boolean accumulate) {
    OpChecks.rmsNormBackward(dx, dy, x, gamma);
    weights.stored("rmsNormBackward", gamma);
  }

  @Override
  public void headNorm(
      Tensor y, Tensor x, Tensor queryGamma, Tensor keyGamma, float eps, AttentionSpec spec) {
    OpChecks.headNorm(y, x, queryGamma, keyGamma, spec);
    weights.stored("headNorm", queryGamma);
    weights.stored("headNorm", keyGamma);
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
    weights.stored("headNormBackward", queryGamma);
    weights.stored("headNormBackward", keyGamma);
  }
}
