package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.Activation;
import dev.cantilever.backend.ActivationOps;

/**
 * down(f(up(x))), or with a gate (Shazeer 2020) down(f(gate(x))·up(x)).
 *
 * @param up [F, C]; with a gate [2F, C], the gate's outputs before the others, so that x is read
 *     once
 * @param activation f
 * @param gated whether there is a gate
 * @param down [C, F]
 */
public record Mlp(Linear up, Activation activation, boolean gated, Linear down) {

  /** What the MLP adds to the residual stream, [N, C]. */
  public Var forward(Pass pass, Slot slot, Var x) {
    return down.forward(pass, slot, active(pass, x));
  }

  /** The residual stream behind the MLP, [N, C]. */
  public Var forward(Pass pass, Slot slot, Var x, Var residual) {
    return down.forward(pass, slot, active(pass, x), residual);
  }

  private Var active(Pass pass, Var x) {
    return activeOf(pass, up.forward(pass, Slot.MLP_PRE, x));
  }

  /**
   * What the projection out reads, [N, F].
   *
   * @param wide what the projection in gives, [N, F] or [N, 2F]
   */
  Var activeOf(Pass pass, Var wide) {
    return pass.tape()
        .apply(
            Slot.MLP_ACT,
            wide.shape().dim(0),
            down.weight().inFeatures(),
            false,
            node(pass.tape().backend().activation(), wide));
  }

  private Node node(ActivationOps ops, Var wide) {
    return gated
        ? new GatedActivationNode(ops, activation, wide)
        : new ActivationNode(ops, activation, wide);
  }
}
