package dev.cantilever.nn;

import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.tensor.Tensor;

/**
 * The tokens whose hidden state is wanted: only there are the final norm and the head run.
 *
 * @param tokens [M] I32, indices into the batch
 */
public record TokenSelection(Tensor tokens) {

  /** The residual stream at the selected tokens, [M, C]. */
  public Var forward(Pass pass, Var x) {
    return pass.tape()
        .apply(
            Slot.MIDDLE,
            tokens.dim(0),
            x.shape().dim(1),
            false,
            new SelectNode(pass.tape().backend(), x, tokens));
  }
}
