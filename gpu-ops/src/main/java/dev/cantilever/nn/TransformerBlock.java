package dev.cantilever.nn;

import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.Fork;
import java.util.List;

/**
 * One block: attention, MLP, two norms, in one of three residual layouts.
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
    return sum(pass, Slot.RESIDUAL, List.of(fed, attended, x));
  }

  private Var preNorm(Pass pass, Var x) {
    Var attended = attention.forward(pass, attentionNorm.forward(pass, Slot.NORM, x));
    Var middle = sum(pass, Slot.MIDDLE, List.of(attended, x));
    Var fed = mlp.forward(pass, mlpNorm.forward(pass, Slot.NORM, middle));
    return sum(pass, Slot.RESIDUAL, List.of(fed, middle));
  }

  private Var postNorm(Pass pass, Var x) {
    Var attended = sum(pass, Slot.MIDDLE, List.of(attention.forward(pass, x), x));
    Var middle = attentionNorm.forward(pass, Slot.NORM, attended);
    Var fed = sum(pass, Slot.MIDDLE, List.of(mlp.forward(pass, middle), middle));
    return mlpNorm.forward(pass, Slot.RESIDUAL, fed);
  }

  private static Var sum(Pass pass, Slot slot, List<Var> terms) {
    return pass.tape()
        .apply(
            slot,
            terms.get(0).shape().dim(0),
            terms.get(0).shape().dim(1),
            false,
            new SumNode(pass.tape().backend().activation(), terms));
  }
}
