package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.LinearTerm;
import dev.cantilever.backend.LowRankTerm;
import dev.cantilever.backend.MatmulOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.List;
import java.util.Optional;

/**
 * y = x·Wᵀ + b + Σ scale·(x·Aᵀ)·Bᵀ, or the residual stream plus x·Wᵀ + b, plus the branches; then
 * dy is the stream's gradient too. Backward with h = x·Aᵀ and dh = scale·dy·B: dB += scale·dyᵀ·h,
 * dA += dhᵀ·x, dx = dy·W + Σ dh·A. h is not kept: it costs R products per element to have again.
 */
final class LinearNode implements Node {

  private final Pass pass;
  private final String name;
  private final Weight weight;
  private final List<LoraBranch> branches;
  private final Var x;
  private final Optional<Var> residual;

  LinearNode(
      Pass pass,
      String name,
      Weight weight,
      List<LoraBranch> branches,
      Var x,
      Optional<Var> residual) {
    this.pass = pass;
    this.name = name;
    this.weight = weight;
    this.branches = branches;
    this.x = x;
    this.residual = residual;
  }

  @Override
  public List<Var> inputs() {
    return residual.map(r -> List.of(x, r)).orElseGet(() -> List.of(x));
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    Tensor input = x.value();
    MatmulOps matmul = pass.tape().backend().matmul();
    if (residual.isPresent()) {
      matmul.linear(out, input, weight, residual.get().value());
    } else {
      matmul.linear(out, input, weight);
    }
    addBranches(out);
  }

  /** The product by itself, as a term of a sum. */
  LinearTerm term() {
    return new LinearTerm(x.value(), weight);
  }

  /** Adds for each span the branches of its adapters. */
  void addBranches(Tensor out) {
    Tensor input = x.value();
    for (Span span : pass.batch().spans()) {
      addBranches(slice(out, span), slice(input, span), active(span));
    }
  }

  private List<LoraBranch> active(Span span) {
    return branches.stream().filter(b -> span.adapters().contains(b.adapter())).toList();
  }

  /** Those that read the input as it is together, then each that drops some of it. */
  private void addBranches(Tensor out, Tensor input, List<LoraBranch> active) {
    MatmulOps matmul = pass.tape().backend().matmul();
    List<LowRankTerm> together =
        active.stream().filter(branch -> !drops(branch)).map(LoraBranch::term).toList();
    if (!together.isEmpty()) {
      matmul.lowRank(out, input, together);
    }
    for (LoraBranch branch : active) {
      if (drops(branch)) {
        Arena scratch = pass.tape().scratch();
        Arena.Mark mark = scratch.mark();
        matmul.lowRank(out, dropped(branch, input, scratch), List.of(branch.term()));
        scratch.reset(mark);
      }
    }
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    MatmulOps matmul = pass.tape().backend().matmul();
    residual.filter(Var::needsGradient).ifPresent(r -> r.passGradient(dOut));
    if (x.needsGradient()) {
      boolean accumulate = x.hasGradient();
      matmul.linearInputGradient(x.gradient(), dOut, weight, accumulate);
    }
    for (Span span : pass.batch().spans()) {
      for (LoraBranch branch : active(span)) {
        backward(branch, span, slice(dOut, span));
      }
    }
  }

  private void backward(LoraBranch branch, Span span, Tensor dOut) {
    MatmulOps matmul = pass.tape().backend().matmul();
    Arena scratch = pass.tape().scratch();
    if (branch.trainable()) {
      x.value(); // computed again before the mark, so that it outlives this call
    }
    Arena.Mark mark = scratch.mark();
    Tensor dh = Tensor.in(scratch, DType.F32, span.rows().tokens(), branch.rank());
    matmul.projectInputGradient(
        dh, dOut, branch.column(), branch.b().value(), branch.scale(), false);
    if (branch.trainable()) {
      Tensor input = dropped(branch, slice(x.value(), span), scratch);
      Tensor h = Tensor.in(scratch, DType.F32, span.rows().tokens(), branch.rank());
      matmul.project(h, 0, input, branch.a().value(), 1, false);
      matmul.projectWeightGradient(
          branch.b().gradient(), dOut, branch.column(), h, branch.scale(), span.rows());
      matmul.projectWeightGradient(branch.a().gradient(), dh, 0, input, 1, span.rows());
    }
    if (x.needsGradient()) {
      Tensor dx = slice(x.gradient(), span);
      if (drops(branch)) {
        Tensor dDropped = Tensor.in(scratch, DType.F32, dx.shape());
        matmul.projectInputGradient(dDropped, dh, 0, branch.a().value(), 1, false);
        pass.tape()
            .backend()
            .activation()
            .dropout(dx, dDropped, branch.dropout(), dropoutKey(branch), true);
      } else {
        matmul.projectInputGradient(dx, dh, 0, branch.a().value(), 1, true);
      }
    }
    scratch.reset(mark);
  }

  private static Tensor slice(Tensor tensor, Span span) {
    return tensor.slice(span.firstToken(), span.endToken());
  }

  private boolean drops(LoraBranch branch) {
    return pass.dropoutKey().isPresent() && branch.dropout() > 0;
  }

  private Tensor dropped(LoraBranch branch, Tensor input, Arena scratch) {
    if (!drops(branch)) {
      return input;
    }
    Tensor dropped = Tensor.in(scratch, DType.F32, input.shape());
    pass.tape()
        .backend()
        .activation()
        .dropout(dropped, input, branch.dropout(), dropoutKey(branch), false);
    return dropped;
  }

  private long dropoutKey(LoraBranch branch) {
    long place = 31L * name.hashCode() + branch.column();
    return pass.dropoutKey().orElseThrow() ^ place * 0x9E3779B97F4A7C15L;
  }
}
