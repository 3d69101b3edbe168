package dev.cantilever.nn;

import dev.cantilever.backend.Backend;
import dev.cantilever.tensor.Tensor;
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
        ColumnSums.add(pass.tape(), bias.change().gradient(), dy, bias.column(), span.rows());
      }
    }
  }

  private Backend backend() {
    return pass.tape().backend();
  }
}
