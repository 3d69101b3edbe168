package dev.cantilever.nn;

import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * The trained biases that act on a span, both ways.
 *
 * @param biases of the adapters that the span names
 */
record SpanBiases(Pass pass, Span span, List<BiasBranch> biases) {

  /** Those among the attached that act on a span. */
  static SpanBiases acting(Pass pass, Span span, List<BiasBranch> attached) {
    return new SpanBiases(
        pass, span, attached.stream().filter(b -> span.adapters().contains(b.adapter())).toList());
  }

  /**
   * Adds to the output.
   *
   * @param y [n, O], the span's rows
   */
  void forward(Tensor y) {
    for (BiasBranch bias : biases) {
      backend()
          .activation()
          .affineColumns(y, y, bias.column(), bias.zero(), bias.change().value(), true);
    }
  }

  /**
   * Adds to the gradients.
   *
   * @param dy [n, O], the span's rows
   */
  void backward(Tensor dy) {
    for (BiasBranch bias : biases) {
      if (bias.trainable()) {
        addColumnSums(bias.change().gradient(), dy, bias.column());
      }
    }
  }

  /** target += Σ over tokens of columns {@code [column, column + O')}, row by row. */
  void addColumnSums(Tensor target, Tensor dy, int column) {
    Arena scratch = pass.tape().scratch();
    Arena.Mark mark = scratch.mark();
    float[] ones = new float[dy.size(0)];
    Arrays.fill(ones, 1);
    Tensor one = Tensor.in(scratch, DType.F32, ones.length, 1);
    backend().transfers().upload(one, ones);
    Tensor matrix = target.reshape(target.elements(), 1);
    backend().matmul().projectWeightGradient(matrix, dy, column, one, 1, span.rows());
    scratch.reset(mark);
  }

  private Backend backend() {
    return pass.tape().backend();
  }
}
