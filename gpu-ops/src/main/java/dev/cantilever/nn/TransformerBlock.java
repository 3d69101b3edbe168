package dev.cantilever.nn;

import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.Fork;
import dev.cantilever.backend.RotarySpec;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One block: attention, MLP, two norms or four, in one of the residual layouts; in a decoder that
 * looks at an encoder, cross-attention between the two.
 *
 * @param layout how the parts meet the residual stream
 * @param attentionNorm norm₁
 * @param attention the attention
 * @param mlpNorm norm₂
 * @param mlp the MLP
 * @param branchNorms of what attention and MLP add, where the layout has them
 * @param cross between attention and MLP, where there is an encoder
 */
public record TransformerBlock(
    ResidualLayout layout,
    Norm attentionNorm,
    Attention attention,
    Norm mlpNorm,
    Mlp mlp,
    Optional<BranchNorms> branchNorms,
    Optional<CrossAttention> cross) {

  /** Checks that parts that only some layouts have are there in these alone. */
  public TransformerBlock {
    if (branchNorms.isPresent() != (layout == ResidualLayout.BRANCH_NORM)) {
      throw new IllegalArgumentException(
          "Expected norms of branches in the layout %s alone, got %s with %s"
              .formatted(ResidualLayout.BRANCH_NORM, layout, branchNorms));
    }
    if (cross.isPresent() && layout != ResidualLayout.PRE_NORM) {
      throw new IllegalArgumentException(
          "Expected cross-attention in the layout %s alone, got %s"
              .formatted(ResidualLayout.PRE_NORM, layout));
    }
  }

  /** The same, over the same weights, with heads turned by another table. */
  public TransformerBlock withRotary(RotarySpec rotary) {
    return new TransformerBlock(
        layout, attentionNorm, attention.withRotary(rotary), mlpNorm, mlp, branchNorms, cross);
  }

  /** Its norms, perhaps one of them twice. */
  public Stream<Norm> norms() {
    Stream<Norm> ofCross = cross.stream().map(CrossAttention::norm);
    Stream<Norm> ofBranches =
        branchNorms.stream().flatMap(norms -> Stream.of(norms.attention(), norms.mlp()));
    return Stream.of(Stream.of(attentionNorm), ofCross, Stream.of(mlpNorm), ofBranches)
        .flatMap(part -> part);
  }

  /** The residual stream behind this block, [N, C]; ends the tape's block. */
  public Var forward(Pass pass, Var x) {
    Var out =
        switch (layout) {
          case PARALLEL -> parallel(pass, x);
          case PRE_NORM -> preNorm(pass, x);
          case FROM_NORMS -> fromNorms(pass, x);
          case POST_NORM -> postNorm(pass, x);
          case BRANCH_NORM -> branchNorm(pass, x, branchNorms.orElseThrow());
        };
    pass.tape().endBlock();
    return out;
  }

  private Var parallel(Pass pass, Var x) {
    boolean once = mlpNorm == attentionNorm;
    Var attentionInput;
    Var mlpInput;
    try (Fork fork = once ? Fork.inOrder() : pass.tape().backend().fork()) {
      attentionInput = attentionNorm.forward(pass, Slot.NORM, x);
      fork.second();
      mlpInput = once ? attentionInput : mlpNorm.forward(pass, Slot.NORM, x);
    }
    Var attended;
    Var active;
    try (LinearPair pair =
        new LinearPair(
            pass,
            new LinearPair.Application(attention.qkv(), Slot.QKV, attentionInput),
            new LinearPair.Application(mlp.up(), Slot.MLP_PRE, mlpInput))) {
      attended = attention.attendedTo(pass, pair.first());
      active = mlp.activeOf(pass, pair.second());
    }
    return attention.output().forwardWith(pass, Slot.RESIDUAL, attended, mlp.down(), active, x);
  }

  private Var preNorm(Pass pass, Var x) {
    Var attentionInput = attentionNorm.forward(pass, Slot.NORM, x);
    Var attended = attention.forward(pass, Slot.MIDDLE, attentionInput, x);
    Var middle = cross.map(part -> part.forward(pass, attended)).orElse(attended);
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

  /** What the norms of branches read are products, so they have places that are kept. */
  private Var branchNorm(Pass pass, Var x, BranchNorms norms) {
    Var attentionInput = attentionNorm.forward(pass, Slot.NORM, x);
    Var attended = attention.forward(pass, Slot.MIDDLE, attentionInput);
    Var middle = sum(pass, Slot.MIDDLE, x, norms.attention().forward(pass, Slot.BRANCH, attended));
    Var mlpInput = mlpNorm.forward(pass, Slot.NORM, middle);
    Var fed = mlp.forward(pass, Slot.MIDDLE, mlpInput);
    return sum(pass, Slot.RESIDUAL, middle, norms.mlp().forward(pass, Slot.BRANCH, fed));
  }

  private static Var sum(Pass pass, Slot slot, Var stream, Var branch) {
    SumNode node = new SumNode(pass.tape().backend().activation(), stream, branch);
    return pass.tape().apply(slot, stream.shape().dim(0), stream.shape().dim(1), false, node);
  }
}
