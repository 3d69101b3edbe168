package dev.cantilever.nn;

import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.Activation;
import dev.cantilever.backend.Backend;

/**
 * A convolution over the tokens of each row, activated and added to another value, whose sum is
 * normalised: norm(r + f(b + Σₜ Wₜ·x[n + t − (kernel − 1)/2])), where what is outside of the row is
 * zero (He et al. 2021, section A.2; transformers: {@code ConvLayer} of {@code
 * modeling_deberta_v2}).
 *
 * @param linear [C, kernel·C], over the neighbours of a token side by side
 * @param kernel tokens that it reads, an odd number
 * @param activation f
 * @param norm of the sum
 */
public record Convolution(Linear linear, int kernel, Activation activation, Norm norm) {

  /**
   * The stream with the convolution in it, [N, C]; ends the tape's block.
   *
   * @param x [N, C], what is convolved
   * @param residual [N, C], what it is added to
   */
  public Var forward(Pass pass, Var x, Var residual) {
    Backend backend = pass.tape().backend();
    long tokens = x.shape().dim(0);
    long width = residual.shape().dim(1);
    NeighboursNode neighbours = new NeighboursNode(pass, kernel, x);
    Var beside =
        pass.tape().apply(Slot.BRANCH, tokens, kernel * x.shape().dim(1), false, neighbours);
    Var convolved = linear.forward(pass, Slot.MLP_PRE, beside);
    ActivationNode active = new ActivationNode(backend.activation(), activation, convolved);
    Var branch = pass.tape().apply(Slot.BRANCH, tokens, width, false, active);
    SumNode added = new SumNode(backend.activation(), residual, branch);
    Var sum = pass.tape().apply(Slot.MIDDLE, tokens, width, false, added);
    Var out = norm.forward(pass, Slot.RESIDUAL, sum);
    pass.tape().endBlock();
    return out;
  }
}
