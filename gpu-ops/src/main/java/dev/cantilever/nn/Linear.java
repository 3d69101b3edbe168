package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Weight;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A frozen weight with any number of LoRA branches. */
public final class Linear {

  private final String name;
  private final Weight weight;
  private final List<LoraBranch> branches = new ArrayList<>();

  /**
   * Wraps a weight.
   *
   * @param name module path in the checkpoint, for messages and as the key of its dropout
   */
  public Linear(String name, Weight weight) {
    this.name = name;
    this.weight = weight;
  }

  /** Module path in the checkpoint. */
  public String name() {
    return name;
  }

  /** The frozen weight. */
  public Weight weight() {
    return weight;
  }

  /** Attaches a branch; it acts in spans that name its adapter. */
  public void attach(LoraBranch branch) {
    branches.add(branch);
  }

  /** Detaches every branch of an adapter. */
  public void detach(String adapter) {
    branches.removeIf(branch -> branch.adapter().equals(adapter));
  }

  /** y = x·Wᵀ + b, plus for each span the branches of its adapters. */
  public Var forward(Pass pass, Slot slot, Var x) {
    return forward(pass, slot, x, Optional.empty());
  }

  /** y = r + (x·Wᵀ + b), plus for each span the branches of its adapters. */
  public Var forward(Pass pass, Slot slot, Var x, Var residual) {
    return forward(pass, slot, x, Optional.of(residual));
  }

  /**
   * y = r + (x·Wᵀ + b) + (x₂·W₂ᵀ + b₂), plus for each span the branches of its adapters.
   *
   * @param other W₂ and b₂
   * @param otherInput x₂
   */
  Var forwardWith(Pass pass, Slot slot, Var x, Linear other, Var otherInput, Var residual) {
    if (!isOneProduct() || !other.isOneProduct()) {
      return other.forward(pass, slot, otherInput, forward(pass, Slot.BRANCH, x, residual));
    }
    LinearSumNode node =
        new LinearSumNode(
            pass.tape().backend().matmul(),
            node(pass, x, Optional.empty()),
            other.node(pass, otherInput, Optional.empty()),
            residual);
    return apply(pass, slot, trains(pass) || other.trains(pass), residual.shape().dim(0), node);
  }

  /** Whether y is a sum that others can be added to; LLM.int8() has two, by the rows' values. */
  private boolean isOneProduct() {
    return !(weight instanceof Int8Weight int8 && int8.mode() == Int8Mode.LLM_INT8);
  }

  private Var forward(Pass pass, Slot slot, Var x, Optional<Var> residual) {
    return apply(pass, slot, trains(pass), x.shape().dim(0), node(pass, x, residual));
  }

  private LinearNode node(Pass pass, Var x, Optional<Var> residual) {
    return new LinearNode(pass, name, weight, List.copyOf(branches), x, residual);
  }

  private Var apply(Pass pass, Slot slot, boolean trains, long rows, Node node) {
    return pass.tape().apply(slot, rows, weight.outFeatures(), trains, node);
  }

  /** Whether a branch that acts in some span of the batch is trained. */
  private boolean trains(Pass pass) {
    return branches.stream()
        .anyMatch(
            branch ->
                branch.trainable()
                    && pass.batch().spans().stream()
                        .anyMatch(span -> span.adapters().contains(branch.adapter())));
  }
}
