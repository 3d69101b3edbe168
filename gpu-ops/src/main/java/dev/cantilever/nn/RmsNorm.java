package dev.cantilever.nn;

import dev.cantilever.backend.NormOps;
import dev.cantilever.tensor.Tensor;
import java.util.Optional;

/**
 * An RMS norm.
 *
 * @param gamma [C]
 * @param eps added to the mean square
 * @param target the same as adapters see it
 */
public record RmsNorm(Tensor gamma, float eps, Optional<NormTarget> target) implements Norm {

  @Override
  public void run(NormOps ops, Tensor y, Tensor x) {
    ops.rmsNorm(y, x, gamma, eps);
  }

  @Override
  public void normalize(NormOps ops, Tensor y, Tensor x, NormTarget.Scale scale) {
    ops.rmsNorm(y, x, scale.one(), eps);
  }

  @Override
  public void inputGradient(
      NormOps ops, Tensor dx, Tensor dy, Tensor x, Tensor factors, boolean accumulate) {
    ops.rmsNormBackward(dx, dy, x, factors, eps, accumulate);
  }
}
