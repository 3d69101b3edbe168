package dev.cantilever.autograd;

import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/**
 * One call of an operation: its forward, and beside it its backward. Both read inputs through
 * {@link Var#value()}, which computes again what was not kept.
 */
public interface Node {

  /** The variables the output depends on. */
  List<Var> inputs();

  /**
   * Computes the output.
   *
   * @param out to be overwritten
   * @param arena where anything must be allocated that backward needs beside the output; it lives
   *     as long as the output's value
   */
  void forward(Tensor out, Arena arena);

  /**
   * Adds to the gradients of those inputs that need one, and to those of parameters.
   *
   * @param output the variable this node made
   * @param dOut gradient with respect to it
   */
  void backward(Var output, Tensor dOut);
}
