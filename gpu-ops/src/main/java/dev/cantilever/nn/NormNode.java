package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.NormOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * A norm, and for each span what its adapters change: y = x̂·γ + β + (x̂·Δγ + Δβ), so that a change
 * of zero changes no bit. Backward computes the statistics again from the input; dΔγ += Σ dy·x̂
 * over tokens, row by row, and what Δγ owes to the input is that of a norm with these factors.
 */
record NormNode(Pass pass, Norm norm, Var x) implements Node {

  @Override
  public List<Var> inputs() {
    return List.of(x);
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    norm.run(ops(), out, x.value());
    if (!norm.isAdapted(pass)) {
      return;
    }
    NormTarget target = norm.target().orElseThrow();
    for (Span span : pass.batch().spans()) {
      target.scale(span).ifPresent(scale -> add(scale, slice(out, span), slice(x.value(), span)));
      target.on(pass, span).forward(slice(out, span));
    }
  }

  private void add(NormTarget.Scale scale, Tensor y, Tensor rows) {
    Arena.Mark mark = scratch().mark();
    Tensor factors = scale.change().change().value();
    Tensor zero = scale.change().zero();
    Tensor normalized = normalized(scale, rows);
    pass.tape().backend().activation().affineColumns(y, normalized, 0, factors, zero, true);
    scratch().reset(mark);
  }

  /** x̂, in scratch. */
  private Tensor normalized(NormTarget.Scale scale, Tensor rows) {
    Tensor normalized = Tensor.in(scratch(), DType.F32, rows.shape());
    norm.normalize(ops(), normalized, rows, scale);
    return normalized;
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    if (x.needsGradient()) {
      boolean accumulate = x.hasGradient();
      norm.inputGradient(ops(), x.gradient(), dOut, x.value(), norm.gamma(), accumulate);
    }
    if (!norm.isAdapted(pass)) {
      return;
    }
    NormTarget target = norm.target().orElseThrow();
    for (Span span : pass.batch().spans()) {
      Optional<NormTarget.Scale> scale = target.scale(span);
      if (scale.isPresent()) {
        backward(scale.get(), span, slice(dOut, span));
      }
      target.on(pass, span).backward(slice(dOut, span));
    }
  }

  private void backward(NormTarget.Scale scale, Span span, Tensor dy) {
    Tensor rows = slice(x.value(), span); // computed again before any mark, if it must be
    if (x.needsGradient()) {
      Tensor factors = scale.change().change().value();
      norm.inputGradient(ops(), slice(x.gradient(), span), dy, rows, factors, true);
    }
    if (scale.change().trainable()) {
      Arena.Mark mark = scratch().mark();
      Tensor product = normalized(scale, rows);
      pass.tape().backend().activation().multiply(product, product, dy);
      ColumnSums.add(pass.tape(), scale.change().change().gradient(), product, 0, span.rows());
      scratch().reset(mark);
    }
  }

  private static Tensor slice(Tensor tensor, Span span) {
    return tensor.slice(span.firstToken(), span.endToken());
  }

  private NormOps ops() {
    return pass.tape().backend().norm();
  }

  private Arena scratch() {
    return pass.tape().scratch();
  }
}
