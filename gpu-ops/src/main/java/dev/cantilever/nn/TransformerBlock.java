package dev.cantilever.nn;

import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.Fork;

/**
 * One block: attention, MLP, two norms, in one of the residual layouts.
 *
 * @param layout how the parts meet the residual stream
 * @param attentionNorm norm₁
 * @param attention the attention
 * @param mlpNorm norm₂
 * @param mlp the MLP
 */
public record TransformerBlock(
    ResidualLayout layout, Norm attentionNorm, Attention attention, Norm mlpNorm, Mlp mlp) {

  /** The residual stream behind this block, [N, C]; ends the tape's block. */
  public Var forward(Pass pass, Var x) {
    Var out =
        switch (layout) {
          case PARALLEL -> parallel(pass, x);
          case PRE_NORM -> preNorm(pass, x);
          case FROM_NORMS -> fromNorms(pass, x);
          case POST_NORM -> postNorm(pass, x);
        };
    pass.tape().endBlock();
    return out;
  }

  private Var parallel(Pass pass, Var x) {
    Var attended;
    Var fed;
    try (Fork fork = pass.tape().backend().fork()) {
      attended = attention.forward(pass, attentionNorm.forward(pass, Slot.NORM, x));
      fork.second();
      fed = mlp.forward(pass, mlpNorm.forward(pass, Slot.NORM, x));
    }
    return pass.tape()
        .apply(
            Slot.RESIDUAL,
            x.shape().dim(0),
            x.shape().dim(1),
            false,
            new SumNode(pass.tape().backend().activation(), fed, attended, x));
  }

  private Var preNorm(Pass pass, Var x) {
    Var attentionInput = attentionNorm.forward(pass, Slot.NORM, x);
    Var middle = attention.forward(pass, Slot.MIDDLE, attentionInput, x);
    Var mlpInput = mlpNorm.forward(pass, Slot.NORM, middle);
    return mlp.forward(pass, Slot.RESIDUAL, mlpInput, middle);
  }

  private Var fromNorms(Pass pass, Var x) {
    Var attentionInput = attentionNorm.forward(pass, Slot.NORM, x);
    Var middle = attention.forward(pass, Slot.MIDDLE, attentionInput, attentionInput);
    Var mlpInput = mlpNorm.forward(pass, Slot.NORM, middle);
    return mlp.forward(pass, Slot.RESIDUAL, mlpInput, mlpInput);
  }

  private Var postNorm(Pass pass, Var x) {
    Var attended = attention.forward(pass, Slot.MIDDLE, x, x);
    Var middle = attentionNorm.forward(pass, Slot.NORM, attended);
    Var fed = mlp.forward(pass, Slot.MIDDLE, middle, middle);
    return mlpNorm.forward(pass, Slot.RESIDUAL, fed);
  }
}
