package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.NormOps;
import dev.cantilever.tensor.Tensor;

/** A norm over the last dimension, with frozen weights. */
public sealed interface Norm permits LayerNorm, RmsNorm {

  /** What is multiplied last, [C]. */
  Tensor gamma();

  /** The norm of x as a call that goes both ways. */
  Node node(NormOps ops, Var x);

  /** Normalises the last dimension of x. */
  default Var forward(Pass pass, Slot slot, Var x) {
    return pass.tape()
        .apply(
            slot, x.shape().dim(0), x.shape().dim(1), false, node(pass.tape().backend().norm(), x));
  }
}
