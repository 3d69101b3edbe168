package dev.cantilever.nn;

import dev.cantilever.backend.NormOps;
import dev.cantilever.tensor.Tensor;
import java.util.Optional;

/**
 * A layer norm.
 *
 * @param gamma [C]
 * @param beta [C]
 * @param eps added to the variance
 * @param target the same as adapters see it, where the checkpoint has weights
 */
public record LayerNorm(Tensor gamma, Tensor beta, float eps, Optional<NormTarget> target)
    implements Norm {

  @Override
  public void run(NormOps ops, Tensor y, Tensor x) {
    ops.layerNorm(y, x, gamma, beta, eps);
  }

  @Override
  public void normalize(NormOps ops, Tensor y, Tensor x, NormTarget.Scale scale) {
    ops.layerNorm(y, x, scale.one(), scale.change().zero(), eps);
  }

  @Override
  public void inputGradient(
      NormOps ops, Tensor dx, Tensor dy, Tensor x, Tensor factors, boolean accumulate) {
    ops.layerNormBackward(dx, dy, x, factors, eps, accumulate);
  }
}
