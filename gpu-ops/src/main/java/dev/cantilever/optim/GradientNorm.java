package dev.cantilever.optim;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import java.util.List;

/** The global norm of gradients, and clipping by it as torch.nn.utils.clip_grad_norm_ does. */
public final class GradientNorm {

  /** Added to the norm in the divisor, as in torch. */
  private static final double EPS = 1e-6;

  private GradientNorm() {}

  /**
   * Scales all gradients by maxNorm / (norm + 1e-6) where that is below 1.
   *
   * @param maxNorm the norm to keep to; infinity only measures
   * @return the norm before clipping
   */
  public static double clip(Backend backend, List<Parameter> parameters, double maxNorm) {
    double norm =
        Math.sqrt(
            backend.optimizer().squaredNorm(parameters.stream().map(Parameter::gradient).toList()));
    double factor = maxNorm / (norm + EPS);
    if (factor < 1) {
      for (Parameter parameter : parameters) {
        backend.optimizer().scale(parameter.gradient(), (float) factor);
      }
    }
    return norm;
  }
}
