package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.tensor.Tensor;
import java.util.Optional;

/** A norm over the last dimension, with frozen weights; to its bias adapters may add. */
public sealed interface Norm permits LayerNorm, RmsNorm {

  /** What is multiplied last, [C]. */
  Tensor gamma();

  /** The bias that adapters may add to, where there is one. */
  Optional<NormBias> bias();

  /** The norm of x as a call that goes both ways. */
  Node node(Pass pass, Var x);

  /** Whether an adapter acts on it in some row of a pass, so that it must know the rows. */
  default boolean isAdapted(Pass pass) {
    return bias().filter(bias -> bias.acts(pass)).isPresent();
  }

  /** Normalises the last dimension of x. Where it is adapted, x has a row a token of the batch. */
  default Var forward(Pass pass, Slot slot, Var x) {
    boolean trains = bias().filter(bias -> bias.trains(pass)).isPresent();
    return pass.tape().apply(slot, x.shape().dim(0), x.shape().dim(1), trains, node(pass, x));
  }
}
