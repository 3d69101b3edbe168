package dev.cantilever.nn;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.ActivationOps;
import dev.cantilever.backend.LowRankTerm;
import dev.cantilever.backend.MatmulOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.List;
import java.util.Optional;

/**
 * The branches of a linear layer that act on a span, both ways.
 *
 * <p>In the order of attachment each makes z of the z before it, from z = x·Wᵀ on, as stacked
 * adapters do in peft: a plain one z + l with l = scale·(x·Aᵀ)·Bᵀ; one with lengths g·(z + l), or z
 * + l + (g − 1)·(x·Wᵀ + l) where its input is dropped out. That is added to what is there as l and
 * (g − 1)·(z + l), so that where both are zero no bit changes. Matrices held whole add x·ΔWᵀ to
 * outputs of their own, which no branch with lengths has.
 */
final class SpanBranches {

  private final Pass pass;
  private final Span span;
  private final LinearBranches acting;
  private final SpanBiases biases;

  SpanBranches(Pass pass, Span span, LinearBranches acting) {
    this.pass = pass;
    this.span = span;
    this.acting = acting;
    this.biases = new SpanBiases(pass, span, acting.allBiases());
  }

  /** Whether some branch depends on the product itself and not on the input alone. */
  boolean needProduct() {
    return acting.branches().stream().anyMatch(branch -> branch.magnitude().isPresent());
  }

  /**
   * Adds to the output.
   *
   * @param y [n, O], the span's rows
   * @param x [n, I]
   * @param product x·Wᵀ + b; y itself where that is all there is in it. Overwritten if {@link
   *     #needProduct}
   */
  void forward(Tensor y, Tensor x, Tensor product) {
    if (needProduct()) {
      for (LoraBranch branch : acting.branches()) {
        add(branch, y, x, product, true);
      }
    } else {
      addTogether(y, x);
    }
    for (WeightBranch whole : acting.wholes()) {
      matmul().project(y, whole.column(), x, whole.change().value(), 1, true);
    }
    biases.forward(y);
  }

  /** Those that read the input as it is together, then each that drops some of it. */
  private void addTogether(Tensor y, Tensor x) {
    List<LowRankTerm> together =
        acting.branches().stream().filter(branch -> !drops(branch)).map(LoraBranch::term).toList();
    if (!together.isEmpty()) {
      matmul().lowRank(y, x, together);
    }
    for (LoraBranch branch : acting.branches()) {
      if (drops(branch)) {
        Arena.Mark mark = scratch().mark();
        matmul().lowRank(y, dropped(branch, x), List.of(branch.term()));
        scratch().reset(mark);
      }
    }
  }

  /** Adds one branch to y, and to the product if that is another tensor. */
  private void add(LoraBranch branch, Tensor y, Tensor x, Tensor product, boolean biased) {
    Arena.Mark mark = scratch().mark();
    Tensor input = dropped(branch, x);
    List<LowRankTerm> term = List.of(branch.term());
    matmul().lowRank(y, input, term);
    if (product != y) {
      matmul().lowRank(product, input, term);
    }
    if (branch.magnitude().isPresent()) {
      Magnitude magnitude = branch.magnitude().get();
      Tensor z = product;
      if (drops(branch)) {
        z = Tensor.in(scratch(), DType.F32, y.shape());
        matmul().linear(z, input, biased ? acting.weight() : acting.weight().withoutBias());
        matmul().lowRank(z, input, term);
      }
      Tensor shift = biased ? magnitude.excessShift() : magnitude.zero();
      int column = branch.column();
      activation().affineColumns(y, z, column, magnitude.excess(), shift, true);
      if (product != y) {
        activation().affineColumns(product, z, column, magnitude.excess(), shift, true);
      }
    }
    scratch().reset(mark);
  }

  /**
   * The gradient that passes through the frozen weight.
   *
   * @param dx [n, I], written or added to
   * @param dy [n, O]
   */
  void baseInputGradient(Tensor dx, Tensor dy, boolean accumulate) {
    Arena.Mark mark = scratch().mark();
    Tensor d = copyOf(dy);
    for (int k = acting.branches().size() - 1; k >= 0; k--) {
      LoraBranch branch = acting.branches().get(k);
      if (!drops(branch)) {
        lengthen(branch, d);
      }
    }
    matmul().linearInputGradient(dx, d, acting.weight(), accumulate);
    scratch().reset(mark);
  }

  /**
   * Adds to the gradients of parameters, and what passes through the branches to the input's.
   *
   * @param input of the layer, of the whole batch; its gradient is there if it needs one
   * @param dy [n, O], the span's rows
   */
  void backward(Var input, Tensor dy) {
    if (acting.readInput()) {
      input.value(); // computed again before any mark, so that it outlives this call
    }
    Arena.Mark mark = scratch().mark();
    if (needProduct()) {
      Tensor d = copyOf(dy);
      for (int k = acting.branches().size() - 1; k >= 0; k--) {
        backwardInTurn(k, input, d);
      }
    } else {
      acting.branches().forEach(branch -> backward(branch, input, dy, Optional.empty()));
    }
    acting.wholes().forEach(whole -> backward(whole, input, dy));
    biases.backward(dy);
    scratch().reset(mark);
  }

  /**
   * One branch among such that depend on the product.
   *
   * @param d gradient with respect to what branch k made; then to what it made it of
   */
  private void backwardInTurn(int k, Var input, Tensor d) {
    LoraBranch branch = acting.branches().get(k);
    Arena.Mark mark = scratch().mark();
    if (branch.magnitude().isEmpty()) {
      backward(branch, input, d, Optional.empty());
    } else {
      Magnitude magnitude = branch.magnitude().get();
      int column = branch.column();
      if (branch.trainable()) {
        Tensor p = productUpTo(k, slice(input.value()));
        activation().multiply(p, p, d);
        activation().affineColumns(p, p, column, magnitude.inverseNorm(), magnitude.zero(), false);
        ColumnSums.add(pass.tape(), magnitude.lengths().gradient(), p, column, span.rows());
      }
      if (drops(branch)) {
        Tensor excess = Tensor.in(scratch(), DType.F32, d.shape());
        pass.tape().backend().transfers().zero(excess);
        activation().affineColumns(excess, d, column, magnitude.excess(), magnitude.zero(), false);
        Tensor lengthened = copyOf(d);
        lengthen(branch, lengthened);
        backward(branch, input, lengthened, Optional.of(excess));
      } else {
        lengthen(branch, d);
        backward(branch, input, d, Optional.empty());
      }
    }
    scratch().reset(mark);
  }

  /** z + l of branch k, without the bias; what its lengths are multiplied with. */
  private Tensor productUpTo(int k, Tensor x) {
    LoraBranch last = acting.branches().get(k);
    Weight weight = acting.weight().withoutBias();
    Tensor z = Tensor.in(scratch(), DType.F32, x.dim(0), weight.outFeatures());
    Tensor input = dropped(last, x);
    matmul().linear(z, input, weight);
    if (!drops(last)) {
      for (LoraBranch before : acting.branches().subList(0, k)) {
        add(before, z, x, z, false);
      }
    }
    matmul().lowRank(z, input, List.of(last.term()));
    return z;
  }

  /** d ← g·d in the columns of a branch with lengths. */
  private void lengthen(LoraBranch branch, Tensor d) {
    branch
        .magnitude()
        .ifPresent(
            m -> activation().affineColumns(d, d, branch.column(), m.gain(), m.zero(), false));
  }

  /**
   * The gradients of A, B and the input.
   *
   * @param dOut gradient with respect to l
   * @param dProduct gradient with respect to the product of the dropped input, where there is one
   */
  private void backward(LoraBranch branch, Var x, Tensor dOut, Optional<Tensor> dProduct) {
    Arena.Mark mark = scratch().mark();
    Tensor dh = Tensor.in(scratch(), DType.F32, span.rows().tokens(), branch.rank());
    matmul()
        .projectInputGradient(dh, dOut, branch.column(), branch.b().value(), branch.scale(), false);
    if (branch.trainable()) {
      Tensor input = dropped(branch, slice(x.value()));
      Tensor h = Tensor.in(scratch(), DType.F32, span.rows().tokens(), branch.rank());
      matmul().project(h, 0, input, branch.a().value(), 1, false);
      matmul()
          .projectWeightGradient(
              branch.b().gradient(), dOut, branch.column(), h, branch.scale(), span.rows());
      matmul().projectWeightGradient(branch.a().gradient(), dh, 0, input, 1, span.rows());
    }
    if (x.needsGradient()) {
      Tensor dx = slice(x.gradient());
      if (drops(branch)) {
        Tensor dDropped = Tensor.in(scratch(), DType.F32, dx.shape());
        matmul().projectInputGradient(dDropped, dh, 0, branch.a().value(), 1, false);
        dProduct.ifPresent(d -> matmul().linearInputGradient(dDropped, d, acting.weight(), true));
        activation().dropout(dx, dDropped, branch.dropout(), dropoutKey(branch), true);
      } else {
        matmul().projectInputGradient(dx, dh, 0, branch.a().value(), 1, true);
      }
    }
    scratch().reset(mark);
  }

  private void backward(WeightBranch whole, Var x, Tensor dy) {
    Parameter change = whole.change();
    if (whole.trainable()) {
      Tensor input = slice(x.value());
      matmul().projectWeightGradient(change.gradient(), dy, whole.column(), input, 1, span.rows());
    }
    if (x.needsGradient()) {
      matmul()
          .projectInputGradient(slice(x.gradient()), dy, whole.column(), change.value(), 1, true);
    }
  }

  private boolean drops(LoraBranch branch) {
    return pass.dropoutKey().isPresent() && branch.dropout() > 0;
  }

  private Tensor dropped(LoraBranch branch, Tensor input) {
    if (!drops(branch)) {
      return input;
    }
    Tensor dropped = Tensor.in(scratch(), DType.F32, input.shape());
    activation().dropout(dropped, input, branch.dropout(), dropoutKey(branch), false);
    return dropped;
  }

  private long dropoutKey(LoraBranch branch) {
    return branch.dropoutKey(pass.dropoutKey().orElseThrow(), acting.name());
  }

  private Tensor copyOf(Tensor tensor) {
    Tensor copy = Tensor.in(scratch(), DType.F32, tensor.shape());
    pass.tape().backend().transfers().copy(copy, tensor);
    return copy;
  }

  private Tensor slice(Tensor tensor) {
    return tensor.slice(span.firstToken(), span.endToken());
  }

  private Arena scratch() {
    return pass.tape().scratch();
  }

  private MatmulOps matmul() {
    return pass.tape().backend().matmul();
  }

  private ActivationOps activation() {
    return pass.tape().backend().activation();
  }
}
