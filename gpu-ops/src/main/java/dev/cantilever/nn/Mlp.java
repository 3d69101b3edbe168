package dev.cantilever.nn;

import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.Activation;

/**
 * down(f(up(x))).
 *
 * @param up [F, C]
 * @param activation f
 * @param down [C, F]
 */
public record Mlp(Linear up, Activation activation, Linear down) {

  /** What the MLP adds to the residual stream, [N, C]. */
  public Var forward(Pass pass, Var x) {
    Var wide = up.forward(pass, Slot.MLP_PRE, x);
    Var active =
        pass.tape()
            .apply(
                Slot.MLP_ACT,
                wide.shape().dim(0),
                wide.shape().dim(1),
                false,
                new ActivationNode(pass.tape().backend().activation(), activation, wide));
    return down.forward(pass, Slot.BRANCH, active);
  }
}
