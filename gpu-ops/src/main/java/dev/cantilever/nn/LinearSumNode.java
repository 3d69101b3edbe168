package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.MatmulOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;

/**
 * The residual stream plus two linear layers, each of an input of its own; then the branches of the
 * first and of the second. Backward is that of each, and the stream's gradient is dy.
 */
record LinearSumNode(MatmulOps ops, LinearNode first, LinearNode second, Var residual)
    implements Node {

  @Override
  public List<Var> inputs() {
    return Stream.of(first.inputs(), second.inputs(), List.of(residual))
        .flatMap(List::stream)
        .toList();
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    ops.linearSum(out, first.term(), second.term(), residual.value());
    first.addBranchesToSum(out);
    second.addBranchesToSum(out);
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    if (residual.needsGradient()) {
      residual.passGradient(dOut);
    }
    second.backward(output, dOut);
    first.backward(output, dOut);
  }
}
