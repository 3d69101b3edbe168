package dev.cantilever.nn;

import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.Fork;
import dev.cantilever.tensor.Tensor;

/**
 * Two linear layers whose inputs are both there: their products are begun together ({@link
 * dev.cantilever.backend.MatmulOps#linearPair}), and what follows the first is the first group of a
 * {@link Fork}, what follows the second the second.
 */
final class LinearPair implements AutoCloseable {

  /**
   * A linear layer that is applied.
   *
   * @param slot of its output
   * @param x its input, [N, I]
   */
  record Application(Linear layer, Slot slot, Var x) {}

  private record Begun(Application of, Tensor out, LinearNode node) {

    static Begun of(Pass pass, Application of) {
      Tensor out =
          pass.tape().output(of.slot(), of.x().shape().dim(0), of.layer().weight().outFeatures());
      return new Begun(of, out, of.layer().node(pass, of.x()));
    }

    Var end(Pass pass) {
      node.begin();
      return pass.tape().apply(of.slot(), out, of.layer().trains(pass), node);
    }
  }

  private final Pass pass;
  private final Begun first;
  private final Begun second;
  private final Fork fork;

  /** Begins both products. */
  LinearPair(Pass pass, Application first, Application second) {
    this.pass = pass;
    this.first = Begun.of(pass, first);
    this.second = Begun.of(pass, second);
    this.fork =
        pass.tape()
            .backend()
            .matmul()
            .linearPair(
                this.first.out(), this.first.node().term(),
                this.second.out(), this.second.node().term());
  }

  /** The first layer's output, with its branches; to be called first. */
  Var first() {
    return first.end(pass);
  }

  /** The second's, which begins the second group. */
  Var second() {
    fork.second();
    return second.end(pass);
  }

  @Override
  public void close() {
    fork.close();
  }
}
