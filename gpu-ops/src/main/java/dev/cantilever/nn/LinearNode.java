package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.LinearTerm;
import dev.cantilever.backend.MatmulOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * y = x·Wᵀ + b + Σ scale·(x·Aᵀ)·Bᵀ, or the residual stream plus x·Wᵀ + b, plus the branches; then
 * dy is the stream's gradient too. Backward with h = x·Aᵀ and dh = scale·dy·B: dB += scale·dyᵀ·h,
 * dA += dhᵀ·x, dx = dy·W + Σ dh·A. h is not kept: it costs R products per element to have again.
 * What branches with lengths add is in {@link SpanBranches}.
 */
final class LinearNode implements Node {

  private final Pass pass;
  private final Weight weight;
  private final LinearBranches attached;
  private final Var x;
  private final Optional<Var> residual;
  private boolean begun; // whether what forward writes next has the product already

  LinearNode(Pass pass, Weight weight, LinearBranches attached, Var x, Optional<Var> residual) {
    this.pass = pass;
    this.weight = weight;
    this.attached = attached;
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
    if (residual.isEmpty() || !needProduct()) {
      if (!begun) {
        product(out, input, residual.map(Var::value));
      }
      begun = false;
      addBranches(out, input);
      return;
    }
    for (Span span : pass.batch().spans()) {
      Tensor stream = slice(residual.get().value(), span);
      addToResidual(attached.on(pass, span), slice(out, span), slice(input, span), stream);
    }
  }

  /**
   * Whether y is one product, to which others can be added before the branches: LLM.int8() makes
   * two of it, by the rows' values.
   */
  boolean isTerm() {
    return !(weight instanceof Int8Weight int8 && int8.mode() == Int8Mode.LLM_INT8);
  }

  /** The product by itself. */
  LinearTerm term() {
    return new LinearTerm(x.value(), weight);
  }

  /** Says that the output of a layer without a stream, which is made next, has the product. */
  void begin() {
    begun = true;
  }

  /** Adds for each span the branches of its adapters to a sum that has the product as a term. */
  void addBranchesToSum(Tensor sum) {
    Tensor input = x.value();
    for (Span span : pass.batch().spans()) {
      SpanBranches branches = attached.on(pass, span);
      Tensor y = slice(sum, span);
      Tensor rows = slice(input, span);
      if (branches.needProduct()) {
        withProduct(rows, y, product -> branches.forward(y, rows, product));
      } else {
        branches.forward(y, rows, y);
      }
    }
  }

  private void addBranches(Tensor out, Tensor input) {
    for (Span span : pass.batch().spans()) {
      Tensor y = slice(out, span);
      attached.on(pass, span).forward(y, slice(input, span), y);
    }
  }

  private boolean needProduct() {
    return pass.batch().spans().stream().anyMatch(span -> attached.on(pass, span).needProduct());
  }

  /** With the same bits as the product that adds the stream itself. */
  private void addToResidual(SpanBranches branches, Tensor y, Tensor rows, Tensor stream) {
    if (!branches.needProduct()) {
      product(y, rows, Optional.of(stream));
      branches.forward(y, rows, y);
      return;
    }
    withProduct(
        rows,
        y,
        product -> {
          pass.tape().backend().activation().add(y, stream, product);
          branches.forward(y, rows, product);
        });
  }

  /** Calls with the product apart, which is gone afterwards. */
  private void withProduct(Tensor rows, Tensor like, Consumer<Tensor> use) {
    Arena scratch = pass.tape().scratch();
    Arena.Mark mark = scratch.mark();
    Tensor product = Tensor.in(scratch, DType.F32, like.shape());
    product(product, rows, Optional.empty());
    use.accept(product);
    scratch.reset(mark);
  }

  private void product(Tensor y, Tensor input, Optional<Tensor> stream) {
    MatmulOps matmul = pass.tape().backend().matmul();
    if (stream.isPresent()) {
      matmul.linear(y, input, weight, stream.get());
    } else {
      matmul.linear(y, input, weight);
    }
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    residual.filter(Var::needsGradient).ifPresent(r -> r.passGradient(dOut));
    if (x.needsGradient()) {
      inputGradient(dOut);
    }
    for (Span span : pass.batch().spans()) {
      attached.on(pass, span).backward(x, slice(dOut, span));
    }
  }

  private void inputGradient(Tensor dOut) {
    boolean accumulate = x.hasGradient();
    Tensor dx = x.gradient();
    if (!needProduct()) {
      pass.tape().backend().matmul().linearInputGradient(dx, dOut, weight, accumulate);
      return;
    }
    for (Span span : pass.batch().spans()) {
      attached.on(pass, span).baseInputGradient(slice(dx, span), slice(dOut, span), accumulate);
    }
  }

  private static Tensor slice(Tensor tensor, Span span) {
    return tensor.slice(span.firstToken(), span.endToken());
  }
}
