package dev.cantilever.nn;

import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.NormOps;
import dev.cantilever.tensor.Tensor;
import java.util.Optional;

/** A norm over the last dimension, with frozen weights that adapters may change. */
public sealed interface Norm permits LayerNorm, RmsNorm {

  /** What is multiplied last, [C]. */
  Tensor gamma();

  /** What adapters change, where the checkpoint has the weights. */
  Optional<NormTarget> target();

  /**
   * y = the norm of x.
   *
   * @param y [M, C] F32, overwritten
   * @param x [M, C] F32
   */
  void run(NormOps ops, Tensor y, Tensor x);

  /**
   * y = x̂, what is normalised before anything is multiplied or added.
   *
   * @param y [M, C] F32, overwritten
   * @param x [M, C] F32
   * @param scale whose ones and zeros are taken for weights
   */
  void normalize(NormOps ops, Tensor y, Tensor x, NormTarget.Scale scale);

  /**
   * The gradient of what is normalised times {@code factors}, with respect to x.
   *
   * @param dx [M, C] F32, overwritten, or added to where {@code accumulate} is set
   * @param dy [M, C] F32
   * @param x [M, C] F32
   * @param factors [C]
   */
  void inputGradient(
      NormOps ops, Tensor dx, Tensor dy, Tensor x, Tensor factors, boolean accumulate);

  /** Whether an adapter acts on it in some row of a pass, so that it must know the rows. */
  default boolean isAdapted(Pass pass) {
    return target().filter(target -> target.acts(pass)).isPresent();
  }

  /** Normalises the last dimension of x. Where it is adapted, x has a row a token of the batch. */
  default Var forward(Pass pass, Slot slot, Var x) {
    boolean trains = target().filter(target -> target.trains(pass)).isPresent();
    NormNode node = new NormNode(pass, this, x);
    return pass.tape().apply(slot, x.shape().dim(0), x.shape().dim(1), trains, node);
  }
}
